"""README and its like: what they promise is there, and their code runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import portal_v1
import pytest
from portal_v1.mock import MockPortal

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.+?)^```$", README, re.MULTILINE | re.DOTALL)
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]


@pytest.mark.parametrize("block", BLOCKS, ids=[f"block{n}" for n in range(1, len(BLOCKS) + 1)])
def test_the_code_of_the_readme_runs(block: str) -> None:
    with MockPortal(api_keys=["a-key-for-the-readme"]) as mock, mock.serve() as server:
        run = subprocess.run(
            [sys.executable, "-W", "error", "-c", block],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT / "generated"),
                "PYTHONIOENCODING": "utf-8",
                "PORTAL_API_KEY": "a-key-for-the-readme",
                "PORTAL_BASE_URL": server.url,
            },
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )
    assert (run.returncode, run.stderr) == (0, "")


def test_the_readme_has_the_five_calls_in_ten_lines() -> None:
    lines = BLOCKS[0].splitlines()
    assert len(lines) <= 10
    calls = re.findall(r"portal\.clients\.(\w+)\(", BLOCKS[0])
    assert calls == ["create", "get", "list", "refresh_session", "generate_web_otp"]


def test_the_readme_names_every_error_and_no_other() -> None:
    exported = {
        name
        for name in portal_v1.__all__
        if isinstance(kind := getattr(portal_v1, name), type) and issubclass(kind, BaseException)
    }
    (tree,) = re.findall(r"^```\n(PortalError\n.+?)^```$", README, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"\b\w+Error\b", tree)) == exported


def test_the_client_options_of_the_readme_have_these_defaults() -> None:
    portal = portal_v1.Portal.__init__
    assert portal.__kwdefaults__ is not None
    for name, value in re.findall(r"`(timeout|max_attempts)=([\d.]+)`", README):
        assert portal.__kwdefaults__[name] == float(value)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    local = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert [link for link in local if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_make_targets_that_are_named_exist(name: str) -> None:
    targets = set(
        re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    )
    text = (ROOT / name).read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)make ([a-z0-9-]+)", text, flags=re.MULTILINE))
    assert named - targets == set()


def test_the_changelog_has_a_place_for_what_is_not_released() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
