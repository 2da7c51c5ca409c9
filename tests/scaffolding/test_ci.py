""".ci/run: which interpreters it takes, what it runs with them, and what it ends with."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.scaffolding.fakes import FakePath

TESTS = "=== tests on Python {}: passed"


@pytest.fixture
def path(tmp_path: Path) -> FakePath:
    fakes = FakePath(tmp_path / "bin", "bash", "dirname", "sh")
    fakes.add("make", "exit 0")
    return fakes


def python(version: str) -> str:
    return f"echo {version}"


def test_the_oldest_python_runs_everything_and_the_others_the_tests(
    path: FakePath, repository: Path
) -> None:
    for version in ("3.11", "3.13"):
        path.add(f"python{version}", python(version))
    run = path.run("bash", ".ci/run", cwd=repository)
    assert (run.returncode, run.stderr) == (0, "")
    assert "Python found: 3.11 3.13. Not found, so not run: 3.12.\n" in run.stdout
    assert [call.split(" ", 2)[1] for call in path.calls("make")] == [
        "check",
        "demo",
        "lint",
        "test",
        "test",
        "test-httpx2",
        "contract",
    ]
    folder = path.folder
    assert path.calls("make test ") == [
        f"make test PYTHON={folder}/python3.11 VENV=.venv-3.11",
        f"make test ARGS=--ignore=tests/contract PYTHON={folder}/python3.13 VENV=.venv-3.13",
    ]
    assert run.stdout.rstrip().splitlines()[-1].startswith("=== contract with Prism: not run")
    assert TESTS.format("3.13") in run.stdout
    assert path.calls("make test-httpx2") == [
        f"make test-httpx2 PYTHON={folder}/python3.11 VENV=.venv-3.11"
    ]


def test_pythons_beside_path_are_found_and_what_does_not_run_is_passed_over(
    path: FakePath, repository: Path, tmp_path: Path
) -> None:
    path.add("python3.12", "exit 127")
    inner = path.add(
        "python3.12", python("3.12"), at=tmp_path / ".pyenv/versions/3.12.9/bin/python"
    )
    path.add("python3", python("3.11"))
    path.run("bash", ".ci/run", cwd=repository)
    assert path.calls("make test ") == [
        f"make test PYTHON={path.folder}/python3 VENV=.venv-3.11",
        f"make test ARGS=--ignore=tests/contract PYTHON={inner} VENV=.venv-3.12",
    ]


@pytest.mark.parametrize(
    ("failing", "named"),
    [
        ("check*", "generated/ is what would be generated"),
        ("lint[!-]*", "lint"),
        ("lint-spec", "style of openapi/"),
        ("test\\ *3.11*", "tests on Python 3.11"),
        ("test-httpx2*", "tests with httpx2"),
        ("contract[!-]*", "contract"),
        ("contract-prism*", "contract with Prism"),
    ],
)
def test_a_failure_is_named_at_the_end_and_the_rest_is_run(
    path: FakePath, repository: Path, failing: str, named: str
) -> None:
    for version in ("3.11", "3.12", "3.13"):
        path.add(f"python{version}", python(version))
    path.add("npx", "exit 0")
    path.add("make", f'case "$*" in {failing}) exit 2 ;; esac')
    run = path.run("bash", ".ci/run", cwd=repository)
    assert run.returncode == 1
    assert len(path.calls("make")) == 10
    assert run.stdout.endswith(f"Failed:\n  {named}\n")


def test_without_a_supported_python_it_fails(path: FakePath, repository: Path) -> None:
    path.add("python3", python("3.10"))
    run = path.run("bash", ".ci/run", cwd=repository)
    assert run.returncode == 1
    assert "Python found: none. Not found, so not run: 3.11 3.12 3.13." in run.stdout
    assert path.calls("make") == []


def test_every_place_names_the_same_pythons(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    declared = [line.rpartition(" :: ")[2] for line in project["classifiers"] if " :: 3." in line]
    script = (repository / ".ci/run").read_text()
    supported = re.search(r"^SUPPORTED=\((.+)\)$", script, re.MULTILINE)
    assert supported is not None
    assert supported[1].split() == declared
    assert workflow(repository)["jobs"]["test"]["strategy"]["matrix"]["python"] == declared
    assert project["requires-python"] == f">={declared[0]}"


@pytest.mark.parametrize("name", ["ci", "nightly"])
def test_the_workflow_may_only_read(repository: Path, name: str) -> None:
    assert workflow(repository, name)["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in workflow(repository, name)["jobs"].values())


def test_the_nightly_workflow_runs_targets_that_exist(repository: Path) -> None:
    jobs = workflow(repository, "nightly")["jobs"]
    targets = jobs["mutants"]["strategy"]["matrix"]["target"]
    declared = re.findall(r"^\.PHONY: (.+)$", (repository / "Makefile").read_text(), re.MULTILINE)
    assert {*targets, "contract"} <= set(declared)


def test_the_workflow_runs_what_ci_run_runs(repository: Path) -> None:
    steps = workflow(repository)["jobs"]["test"]["steps"]
    commands = {step["run"] for step in steps if "run" in step}
    assert commands >= {"make demo", "make test", "make test-httpx2", "make check", "make lint"}
    assert workflow(repository)["jobs"]["lint-spec"]["steps"][-1] == {"run": "make lint-spec"}
    steps = workflow(repository)["jobs"]["contract"]["steps"]
    assert {"make contract", "make contract-prism"} <= {step.get("run") for step in steps}


def test_a_pull_request_is_compared_with_its_target(repository: Path, tmp_path: Path) -> None:
    job = workflow(repository)["jobs"]["breaking"]
    assert job["if"] == "github.event_name == 'pull_request'"
    checkout, *_, compare = job["steps"]
    assert checkout["with"]["fetch-depth"] == 0
    path = FakePath(tmp_path / "bin", "bash", "cat")
    path.add("make", "echo '| a table |'; exit 2")
    summary = tmp_path / "summary.md"
    run = path.run(
        *("bash", "-e", "-c", compare["run"]),
        cwd=tmp_path,
        TARGET="abc",
        GITHUB_STEP_SUMMARY=str(summary),
    )
    assert path.calls() == ["make breaking BASE=abc"]
    assert run.stdout == "| a table |\n"
    assert run.stdout in summary.read_text()
    assert run.returncode == 2


def workflow(repository: Path, name: str = "ci") -> dict[str, Any]:
    text = (repository / f".github/workflows/{name}.yml").read_text()
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded
