"""schemathesis straight at the server, with every check that it has."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import portal_v1
import pytest
from portal_v1._document import load_document
from portal_v1.mock import MockPortal

# The one thing that is excused, and where: an id that is well formed need not be that of a
# client, and the document's answer to that is 400, which schemathesis expects of malformed
# requests only. Operations without an id in the path have to accept what is valid.
EXCUSED = """
[[operations]]
include-operation-id = {operations}
checks.positive_data_acceptance.expected-statuses = ["2xx", "400"]
"""


@pytest.mark.skipif(
    importlib.util.find_spec("schemathesis") is None,
    reason="schemathesis needs httpx itself; the server answers alike on either",
)
def test_a_thousand_cases_find_nothing(tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    operations = [
        operation["operationId"]
        for path, item in load_document()["paths"].items()
        if "{" in path
        for operation in item.values()
        if isinstance(operation, dict)
    ]
    config.write_text(EXCUSED.format(operations=operations))
    spec = Path(portal_v1.__file__).with_name("openapi.json")
    with MockPortal(api_keys=["the key"]) as mock, mock.serve() as server:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)),
                *("run", str(spec), "--url", server.url),
                *("--header", "Authorization: Bearer the key"),
                *("--checks", "all", "--max-examples", "150", "--seed", "1"),
                *("--generation-database", "none", "--no-color"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        entries = mock.calls()
    assert done.returncode == 0, done.stdout
    found = re.search(r"(\d+) generated", done.stdout)
    assert found is not None
    assert int(found[1]) >= 1000
    assert {entry.operation_id for entry in entries} >= set(mock.operations)
    assert {entry.answer_problem for entry in entries} == {None}
    assert {entry.status for entry in entries} <= {200, 201, 400, 401, 404, 405}
