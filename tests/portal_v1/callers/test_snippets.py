"""What stands in a code block of README and docs runs, and prints what the page says."""

from __future__ import annotations

import logging
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from markdown_it import MarkdownIt
from portal_v1.mock import MockPortal, MockServer

ROOT = Path(__file__).resolve().parents[3]
# What installs or sets something up is not done, nor what takes long.
ONLY_READ = ("pip", "python3 -m venv", "export", "cp", "make")


class Block(NamedTuple):
    place: str
    language: str
    code: str
    printed: str | None


def blocks() -> Iterator[Block]:
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        tokens = MarkdownIt().parse(page.read_text(encoding="utf-8"))
        for one, after in zip(tokens, [*tokens[1:], None], strict=True):
            if one.map and one.info in ("python", "sh"):
                place = f"{page.relative_to(ROOT)}:{one.map[0] + 1}"
                printed = after.content if after and after.info == "text" else None
                yield Block(place, one.info, one.content, printed)


ALL = list(blocks())
PYTHON = [one for one in ALL if one.language == "python"]
TESTS = [one for one in PYTHON if re.search(r"^def test_", one.code, re.MULTILINE)]
PROGRAMS = [one for one in PYTHON if one not in TESTS]
SHELL = [one for one in ALL if one.language == "sh" and one.place.startswith("docs")]
PAGES = sorted({one.place.partition(":")[0] for one in SHELL})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockServer]:
    with MockPortal() as mock, mock.serve() as running:
        monkeypatch.setenv("PORTAL_BASE_URL", running.url)
        monkeypatch.setenv("PORTAL_API_KEY", "any-key")
        yield running
    logging.getLogger("portal_v1").setLevel(logging.NOTSET)  # a page shows how to set it


@pytest.mark.parametrize("block", PROGRAMS, ids=[one.place for one in PROGRAMS])
def test_a_program_runs_and_prints_what_the_page_says(
    block: Block, server: MockServer, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for library in re.findall(r"^import (httpx2?)$", block.code, re.MULTILINE):
        pytest.importorskip(library)
    code = block.code.replace("/tmp/", f"{tmp_path}/")  # noqa: S108 - it is not used
    exec(compile(code, block.place, "exec"), {"__name__": "__main__"})  # noqa: S102 - code of this repository
    if block.printed is not None:
        assert capsys.readouterr().out == block.printed


def test_the_tests_pass(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["portal_v1.pytest_plugin"]\n')
    for number, block in enumerate(TESTS):
        (tmp_path / f"test_{number}.py").write_text(f"# {block.place}\n{block.code}")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "generated")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stdout
    written = sum(len(re.findall(r"^def test_", one.code, re.MULTILINE)) for one in TESTS)
    assert f"{written} passed" in run.stdout


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_work(page: str, server: MockServer, tmp_path: Path) -> None:
    outer = ("ARGS", "MAKEFLAGS")  # what make test itself was given
    environment = {name: value for name, value in os.environ.items() if name not in outer}
    code = "".join(one.code for one in SHELL if one.place.startswith(page))
    code = code.replace("\\\n", " ").replace("/path/to/your/code", str(tmp_path))
    code = code.replace(".venv/bin/", "").replace(
        "http://127.0.0.1:8080", server.url.removesuffix("/api/v1")
    )
    for command in code.replace("--port 8080", "--port 0").splitlines():
        words = shlex.split(command)
        if words[:2] == ["make", "vendor"]:
            subprocess.run(words, cwd=ROOT, env=environment, check=True, timeout=60)
        elif command.startswith(ONLY_READ):
            continue
        elif "--port" in words:
            with subprocess.Popen([sys.executable, *words[1:]], stdout=subprocess.PIPE) as process:
                assert process.stdout is not None
                assert process.stdout.readline(), "it said nothing"
                process.terminate()
        elif words[0] == "curl" or words[1] == "-m":
            shell = ["sh", "-ec", re.sub("^python", shlex.quote(sys.executable), command)]
            answer = subprocess.check_output(shell, cwd=tmp_path, text=True, timeout=60)
            assert answer or ">" in words
        else:
            assert (words[0], (ROOT / words[1]).is_file()) == ("python", True)
