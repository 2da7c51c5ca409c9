"""Nothing names an operation: a sixth one, and documents nothing like Portal's, are covered."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.contract._support import OPERATIONS, Told, contract
from tests.generation._support import CLIENT, DOCUMENTS, Tree, copy_repository


@pytest.fixture(scope="module")
def tree(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return copy_repository(repository, tmp_path_factory.mktemp("tree"))


def add_a_sixth(document: dict[str, Any]) -> None:
    responses = document["paths"][CLIENT]["get"]["responses"]
    document["tags"].append({"name": "Upkeep", "description": "Putting an end to things."})
    document["paths"][CLIENT]["delete"] = {
        "operationId": "removeClient",
        "tags": ["Upkeep"],
        "summary": "Remove a client",
        "description": "Removes a client for good.",
        "security": [{"portalApiKey": []}],
        "parameters": [
            {
                "name": "reason",
                "in": "query",
                "required": True,
                "description": "Why.",
                "schema": {"type": "string", "enum": ["asked-for", "fraud"]},
            },
            {
                "name": "keepDays",
                "in": "query",
                "description": "How long to keep a copy.",
                "schema": {"type": "integer", "minimum": 0, "maximum": 30},
            },
        ],
        "responses": {
            "204": {"description": "It is gone."},
            **{status: responses[status] for status in ("400", "401", "429")},
        },
    }


@pytest.fixture(scope="module")
def sixth(tree: Tree, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    shutil.copytree(tree.root, tmp_path_factory.mktemp("sixth"), dirs_exist_ok=True)
    tree.edit(add_a_sixth)
    tree.generated("--package=planted_sixth")
    return contract(
        *(repository, tree.root / "reports", "--spec", tree.spec),
        *("--package", tree.output / "planted_sixth", "--examples", "8"),
    )


def test_a_sixth_operation_is_covered_without_an_edit(sixth: Told) -> None:
    assert (sixth.code, sixth.err) == (0, ""), sixth.out
    assert sixth.rows.keys() == {*OPERATIONS, "removeClient"}
    row = sixth.rows["removeClient"]
    assert row["calls"] > 10
    assert min(row["204"], row["400"], row["401"]) > 0
    assert row["passed"] > 0


def test_both_clients_call_the_sixth_operation(sixth: Told) -> None:
    for mode in ("sync", "async"):
        (suite,) = [one for one in sixth.junit if one.get("name") == f"{mode} client"]
        phases = {case.get("classname") for case in suite if case.get("name") == "removeClient"}
        assert f"contract.{mode}.fuzzing" in phases
    assert "removeClient, query reason, $: enum" not in sixth.summary  # It was met, and violated.


def test_what_the_mock_cannot_remember_is_left_out_with_the_reason(sixth: Told) -> None:
    assert "Left out: use_after_free, for the mock remembers nothing of removeClient." in sixth.out


# What is found with these documents is true of them and of the mock, none of it of the client:
# the documents name no 400 and no 401, and the mock takes what a form or a number's format forbid.
TRUE = {"status_code_conformance", "negative_data_rejection", "positive_data_acceptance"}


@pytest.mark.parametrize(
    ("document", "package", "operations", "never_called"),
    [
        (
            "library-3.0.yaml",
            "planted_library",
            {"listBooks", "addBook", "getBook", "changeBook", "removeBook", "get_health"}
            | {"listLoansOfMember", "lendBook"},
            set(),
        ),
        (
            "studio-3.1.yaml",
            "planted_studio",
            {"downloadFile", "getFileCaption", "drawShape", "import", "list", "listLabels"}
            | {"getFolder", "importPicture", "openSession", "replaceFile", "uploadFile"},
            {"openSession", "replaceFile", "uploadFile"},
        ),
    ],
)
def test_a_document_nothing_like_portals_is_run(
    tree: Tree,
    repository: Path,
    document: str,
    package: str,
    operations: set[str],
    never_called: set[str],
) -> None:
    spec = DOCUMENTS / document
    tree.generated(f"--spec={spec}", f"--package={package}", "--no-house-rules")
    run = contract(
        *(repository, tree.root / "reports" / package, "--spec", spec),
        *("--package", tree.output / package, "--examples", "2"),
    )
    assert run.err == ""
    assert {check for _, check in run.findings} <= TRUE
    assert run.rows.keys() == operations
    assert {name for name, row in run.rows.items() if row["calls"] == 0} == never_called
    assert ("  a body of multipart/form-data" in run.out) is bool(never_called)
    prints = run.out.partition("as a fingerprint: sync ")[2]
    assert prints[:16] == prints.partition("async ")[2][:16]
    assert "PORTAL" not in run.out


def test_a_package_of_another_document_is_refused(
    tree: Tree, repository: Path, tmp_path: Path
) -> None:
    for document in ("studio-3.1.yaml", "library-3.0.yaml"):
        refusal = contract(repository, tmp_path, "--spec", DOCUMENTS / document).refusal
        assert "portal_v1 was not generated from this document: it has no operation" in refusal
        assert "Run `make generate` first." in refusal
