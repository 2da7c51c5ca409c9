"""Only what is documented is sent, and only the package's errors come back, whatever happens."""

from __future__ import annotations

import copy
import json
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from portal_v1 import InvalidRequestError, InvalidResponseError, PortalError
from portal_v1.testing import ManualClock

from tests.network import _table
from tests.network._cases import each_mode, each_operation
from tests.network._faults import FAULTS, Fault
from tests.network._observe import KEY, MODES, call, observe
from tests.network._operations import BASE_PATH, OPERATIONS, Operation
from tests.network._server import HOST, Recorded, reply
from tests.network.conftest import Serve

each_operation_on_a_path = pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one.in_path], ids=repr
)
each_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


@each_mode
@each_operation
@each_fault
def test_one_family_of_errors_and_only_documented_requests(
    fault: Fault, operation: Operation, mode: str
) -> None:
    seen = observe(fault, operation, mode)
    _is_of_the_family(seen.error, operation)
    for request in seen.requests:
        _is_documented(request, operation, seen.port)
    if seen.requests and fault.scheme == "http":
        assert seen.received == b"".join(one.head + b"\r\n\r\n" + one.body for one in seen.requests)
    if fault.phase == "connecting":
        assert KEY.encode() not in seen.received


def _is_documented(request: Recorded, operation: Operation, port: int) -> None:
    assert request.request_line == f"{operation.method} {BASE_PATH}{operation.path} HTTP/1.1"
    assert request.headers("host") == [f"{HOST}:{port}"]
    assert request.headers("content-type") == ["application/json"]
    if operation.credential is not None:
        scheme = operation.credential.scheme
        sent = f"{scheme} {KEY}" if scheme else KEY
        assert request.headers(operation.credential.header) == [sent]
    assert request.headers("accept") == [operation.accept]
    assert request.headers("cookie") == []
    assert request.headers("transfer-encoding") == []
    if operation.method in {"POST", "PUT", "PATCH"}:
        assert isinstance(json.loads(request.body), dict)
        if not operation.has_body:
            assert request.body == b"{}"
        assert request.headers("content-length") == [str(len(request.body))]
    else:
        assert request.body == b""
        assert request.headers("content-length") == []


def _is_of_the_family(error: BaseException | None, operation: Operation) -> None:
    if error is None:
        return
    assert isinstance(error, PortalError)
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    text = str(error)
    assert text.startswith(operation.id)
    assert text.isprintable()
    assert len(text) < 1000
    assert KEY not in text
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301
        assert type(other) is type(error)
        assert str(other) == text
        assert other.attempts == error.attempts
        assert other.maybe_processed is error.maybe_processed


@each_operation
@each_fault
def test_sync_and_async_tell_the_same(fault: Fault, operation: Operation) -> None:
    sync, other = (observe(fault, operation, mode) for mode in MODES)
    assert sync.outcome == other.outcome
    assert sync.pauses == other.pauses
    assert len(sync.requests) == len(other.requests)


def _wrong_values(value: Any) -> Iterator[tuple[str, Any]]:
    """The value with one thing in it wrong, and where."""
    if isinstance(value, dict):
        for name, inner in value.items():
            for where, wrong in _wrong_values(inner):
                yield f".{name}{where}", {**value, name: wrong}
        yield "", [value]
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            for where, wrong in _wrong_values(inner):
                yield f"[{index}]{where}", [*value[:index], wrong, *value[index + 1 :]]
        yield "", {"0": value}
    elif isinstance(value, bool):
        yield "", "true"
        yield "", 1
    else:
        yield "", {"value": value}
        yield "", [value]
        yield "", 17


_SHAPES = [
    pytest.param(operation, where, wrong, id=f"{operation.id}-${where}-{number}")
    for operation in OPERATIONS
    for number, (where, wrong) in enumerate(_wrong_values(operation.example))
]


@each_mode
@pytest.mark.parametrize(("operation", "where", "wrong"), _SHAPES)
def test_a_wrong_shape_at_any_level_is_refused_with_its_path(
    serve: Serve, operation: Operation, where: str, wrong: Any, mode: str
) -> None:
    server = serve(reply(operation.status, json.dumps(wrong).encode()))
    with pytest.raises(InvalidResponseError) as caught:
        call(operation, mode, server.url, ManualClock())
    path = f"${where}"
    assert path in str(caught.value)
    assert caught.value.body == json.dumps(wrong).encode()
    assert len(server.requests) == 1


_IDS_REFUSED = ["", ".", "..", "\x00", "a\nb", "a\x7fb", "\ud800", 7, None, b"one"]
_IDS_SENT = ["a/b", "../x", "a b", "%2e%2e", "?x=1", "#x", "ü", "a;b", "...", "..;", "&", "\\"]


@each_mode
@pytest.mark.parametrize("value", _IDS_REFUSED, ids=repr)
@each_operation_on_a_path
def test_what_cannot_be_one_path_segment_is_refused_unsent(
    serve: Serve, operation: Operation, value: Any, mode: str
) -> None:
    server = serve(reply(operation.status, operation.body))
    for name in operation.in_path:
        with pytest.raises(InvalidRequestError) as caught:
            call(operation.with_argument(name, value), mode, server.url, ManualClock())
        assert caught.value.maybe_processed is False
    assert server.peers == []


@each_mode
@pytest.mark.parametrize("value", _IDS_SENT, ids=repr)
@each_operation_on_a_path
def test_any_other_text_is_one_path_segment(
    serve: Serve, operation: Operation, value: str, mode: str
) -> None:
    for name in operation.in_path:
        changed = operation.with_argument(name, value)
        server = serve(reply(changed.status, changed.body))
        try:
            call(changed, mode, server.url + BASE_PATH, ManualClock())
        except InvalidRequestError:
            assert server.received == b""
        else:
            _is_documented(server.requests.pop(), changed, server.port)


def test_the_table_for_users_is_what_happens() -> None:
    path = Path(__file__).with_name("README.md")
    table = _table.render()
    if os.environ.get("UPDATE"):
        path.write_text(table, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == table, (
        "tests/network/README.md is not what the faults lead to. If that is meant to be so: "
        "UPDATE=1 pytest tests/network/test_wire.py -k table"
    )
