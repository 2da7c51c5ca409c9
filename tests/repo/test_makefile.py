"""make: the list it prints, and what it runs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.repo.fakes import FakePath, environment_without_make

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
    "breaking",
    "lint",
    "format",
    "lint-spec",
    "clean",
}

SCRIPTED = ["generate", "check", "demo", "verify-live", "breaking"]


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
    recipes = make(repository, "--dry-run", *SCRIPTED, "setup")
    scripts = set(re.findall(r"scripts/[\w/]+\.\w+", recipes))
    assert scripts == {
        "scripts/demo.py",
        "scripts/verify_live.py",
        "scripts/generate.py",
        "scripts/breaking.py",
        "scripts/_support/venv.sh",
    }
    assert [name for name in scripts if not (repository / name).is_file()] == []


@pytest.mark.parametrize("target", ["test", *SCRIPTED])
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


def test_breaking_takes_its_base_or_finds_one(repository: Path) -> None:
    assert make(repository, "-n", "breaking", "BASE=v1.2").rstrip().endswith('breaking.py "v1.2"')
    assert make(repository, "-n", "breaking").rstrip().endswith("breaking.py")


def test_lint_spec_says_so_where_there_is_no_node(repository: Path, tmp_path: Path) -> None:
    path = FakePath(tmp_path / "bin", "make", "sh")
    run = path.run("make", "lint-spec", cwd=repository)
    assert run.returncode == 2
    assert "needs Node.js" in run.stderr


def test_lint_spec_runs_one_version_of_each_and_tells_nobody(
    repository: Path, tmp_path: Path
) -> None:
    path = FakePath(tmp_path / "bin", "make", "sh", "env", "grep", "sort")
    path.add("npx", "env | grep -E '^(REDOCLY|SCARF)' | sort")
    run = path.run("make", "lint-spec", cwd=repository)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.split() == [
        "REDOCLY_SUPPRESS_UPDATE_NOTICE=true",
        "REDOCLY_TELEMETRY=off",
        "SCARF_ANALYTICS=false",
    ]
    redocly, spectral = path.calls()
    assert re.fullmatch(
        r"npx --yes @redocly/cli@\d+\.\d+\.\d+ lint "
        r"--config openapi/redocly\.yaml openapi/portal-v1\.yaml",
        redocly,
    )
    assert re.fullmatch(
        r"npx --yes --ignore-scripts -p @stoplight/spectral-cli@\d+\.\d+\.\d+ "
        r"-p @stoplight/spectral-owasp-ruleset@\d+\.\d+\.\d+ -c NODE_PATH=.+ spectral lint "
        r"--ruleset openapi/spectral\.yaml --fail-severity warn --fail-on-unmatched-globs "
        r"openapi/portal-v1\.yaml",
        spectral,
    )


def test_spectral_finds_its_rules_beside_itself(repository: Path, tmp_path: Path) -> None:
    path = FakePath(tmp_path / "bin", "make", "sh", "dirname", "env", "grep")
    modules = tmp_path / "node_modules"
    path.add("spectral", "env | grep ^NODE_PATH=", at=modules / ".bin" / "spectral")
    path.add("npx", f"case $2 in --*) PATH='{modules}/.bin':$PATH sh -c \"$8\" ;; esac")
    run = path.run("make", "lint-spec", cwd=repository)
    assert (run.returncode, run.stdout, run.stderr) == (0, f"NODE_PATH={modules}\n", "")


@pytest.mark.parametrize("failing", ["--yes @redocly*", "*spectral*"])
def test_lint_spec_fails_where_either_finds_something(
    repository: Path, tmp_path: Path, failing: str
) -> None:
    path = FakePath(tmp_path / "bin", "make", "sh")
    path.add("npx", f'case "$*" in {failing.replace(" ", chr(92) + " ")}) exit 1 ;; esac')
    assert path.run("make", "lint-spec", cwd=repository).returncode == 2


def test_each_exception_of_the_linters_has_its_reason(repository: Path) -> None:
    for name in ("redocly", "spectral"):
        lines = (repository / "openapi" / f"{name}.yaml").read_text().splitlines()
        switched_off = [number for number, line in enumerate(lines) if line.endswith(": off")]
        assert switched_off, name
        for number in switched_off:
            assert lines[number - 1].startswith("  # "), lines[number]
