"""make: the list it prints, and what it runs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.scaffolding.fakes import FakePath, environment_without_make

LISTED = {
    "help",
    "setup",
    "demo",
    "verify-live",
    "test",
    "test-httpx2",
    "contract",
    "contract-prism",
    "contract-mutants",
    "coverage",
    "mutants",
    "generate",
    "check",
    "lint",
    "format",
    "lint-spec",
    "clean",
}


def make(repository: Path, *arguments: str) -> str:
    return subprocess.run(
        ["make", *arguments],
        cwd=repository,
        env=environment_without_make(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def test_make_alone_lists_every_target_with_one_line(repository: Path) -> None:
    lines = make(repository).splitlines()
    listed = {}
    for line in lines:
        match = re.fullmatch(r"  make ([a-z0-9-]+) +(\S.{10,80})", line)
        assert match, line
        listed[match[1]] = match[2]
    assert listed.keys() >= LISTED
    assert len(listed) == len(lines)


def test_every_target_is_listed_but_the_one_that_is_a_step_of_others(repository: Path) -> None:
    declared = re.findall(r"^\.PHONY: (.+)$", (repository / "Makefile").read_text(), re.MULTILINE)
    listed = set(re.findall(r"make ([a-z0-9-]+) +", make(repository)))
    assert set(declared) - listed == {"environment"}


def test_targets_run_scripts_that_exist(repository: Path) -> None:
    recipes = make(repository, "--dry-run", "demo", "verify-live", "generate", "check", "setup")
    scripts = set(re.findall(r"scripts/[\w/]+\.\w+", recipes))
    assert scripts == {
        "scripts/demo.py",
        "scripts/verify_live.py",
        "scripts/generate.py",
        "scripts/_support/venv.sh",
    }
    assert [name for name in scripts if not (repository / name).is_file()] == []


@pytest.mark.parametrize("target", ["test", "generate", "check", "demo", "verify-live"])
def test_arguments_are_passed_on(repository: Path, target: str) -> None:
    assert make(repository, "-n", target, "ARGS=--one two").rstrip().endswith("--one two")


@pytest.mark.parametrize("target", ["contract", "contract-prism"])
def test_seed_and_examples_are_passed_on_to_the_contract_tests(
    repository: Path, target: str
) -> None:
    recipe = make(repository, "-n", target, "SEED=7", "EXAMPLES=9", "ARGS=--one").rstrip()
    assert " scripts/contract.py --seed 7 --examples 9 " in recipe
    assert recipe.endswith(" --one")
    assert ("--prism --reports reports/contract-prism" in recipe) is (target == "contract-prism")
    without = make(repository, "-n", target)
    assert "--seed" not in without
    assert "--examples" not in without


def test_the_planted_defects_are_tried_by_their_own_script(repository: Path) -> None:
    recipe = make(repository, "-n", "contract-mutants", "ARGS=--only x").rstrip()
    assert recipe.endswith("scripts/contract_mutants.py --only x")
    assert (repository / "scripts" / "contract_mutants.py").is_file()


def test_lint_spec_says_so_where_there_is_no_node(repository: Path, tmp_path: Path) -> None:
    path = FakePath(tmp_path / "bin", "make", "sh")
    run = path.run("make", "lint-spec", cwd=repository)
    assert run.returncode == 2
    assert "needs Node.js" in run.stderr


def test_lint_spec_runs_one_version_and_tells_nobody(repository: Path, tmp_path: Path) -> None:
    path = FakePath(tmp_path / "bin", "make", "sh", "printenv")
    path.add("npx", "printenv REDOCLY_TELEMETRY REDOCLY_SUPPRESS_UPDATE_NOTICE")
    run = path.run("make", "lint-spec", cwd=repository)
    assert (run.returncode, run.stdout, run.stderr) == (0, "off\ntrue\n", "")
    (call,) = path.calls()
    assert re.fullmatch(
        r"npx --yes @redocly/cli@\d+\.\d+\.\d+ lint "
        r"--config openapi/redocly\.yaml openapi/portal-v1\.yaml",
        call,
    )
