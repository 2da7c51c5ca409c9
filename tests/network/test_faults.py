"""Each fault over real sockets: what is sent again, what is told, and in which family of errors."""

from __future__ import annotations

import copy
import json
import os
import pickle
from pathlib import Path

import pytest
from sample import SampleError

from tests.network._faults import FAULTS, Fault, observe, render
from tests.network._operations import (
    BASE_PATH,
    KEY,
    KINDS,
    Operation,
)
from tests.network._server import HOST, Recorded
from tests.network.conftest import each_mode

each_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
each_kind = pytest.mark.parametrize("operation", KINDS, ids=repr)


@each_mode
@each_kind
@each_fault
def test_a_fault(fault: Fault, operation: Operation, mode: str) -> None:
    seen = observe(fault, operation, mode)
    times = fault.times(operation)
    for request in seen.requests:
        if fault.way != "proxy":
            _is_documented(request, operation, seen.port)
    if fault.phase == "connecting":
        assert KEY.encode() not in seen.received
    else:
        assert len(seen.requests) == (times if fault.phase.startswith("answer") else 0)
        assert seen.connections == times or seen.requests
        sent = b"".join(one.head + b"\r\n\r\n" + one.body for one in seen.requests)
        assert seen.received == sent or not seen.requests
    assert seen.pauses == [0.5, 1.0][: max(0, times - 1)]
    if fault.error is None:
        assert seen.error is None
        return
    assert isinstance(seen.error, SampleError), seen.error
    assert type(seen.error).__name__ == fault.error
    assert (seen.error.attempts, seen.error.maybe_processed) == (times, fault.maybe)
    _is_of_the_family(seen.error)


def _is_documented(request: Recorded, operation: Operation, port: int) -> None:
    """Only what is documented is sent."""
    assert request.request_line == f"{operation.method} {BASE_PATH}{operation.path} HTTP/1.1"
    expected = {
        "host": [f"{HOST}:{port}"],
        "content-type": ["application/json"],
        "authorization": [f"Bearer {KEY}"],
        "accept": ["application/json"],
        "accept-encoding": ["identity"],
        "content-length": [str(len(request.body))],
        "cookie": [],
        "transfer-encoding": [],
    }
    if "unknown" not in request.headers("host")[0]:
        assert {name: request.headers(name) for name in expected} == expected
    assert json.loads(request.body) == json.loads(operation.sent)


def _is_of_the_family(error: SampleError) -> None:
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    text = str(error)
    assert text.isprintable()
    assert len(text) < 1000
    assert KEY not in text
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert (type(other), str(other)) == (type(error), text)
        assert (other.attempts, other.maybe_processed) == (error.attempts, error.maybe_processed)


def test_the_table_for_users_is_what_happens(repository: Path) -> None:
    table = repository / "docs" / "failures.md"
    if os.environ.get("UPDATE"):
        table.write_text(render(), encoding="utf-8")
    assert render() == table.read_text(encoding="utf-8"), (
        "Make it anew: UPDATE=1 pytest tests/network/test_faults.py -k table"
    )
