from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sample.mock import FaultError, MockSample, StateError

from tests.mock._support import JSON, PARCELS, ask


def test_an_entry_has_all_of_a_call_and_why_it_was_refused(mock: MockSample) -> None:
    mock.clock.advance(hours=1)
    created = mock.client().parcels.create(is_express=True)
    ask(mock, "POST", PARCELS, {"isExpress": 1})
    ask(mock, "GET", "/nowhere")
    entry, wrong, nowhere = mock.calls()
    assert (entry.number, entry.operation_id, entry.method) == (1, "createParcel", "POST")
    assert (entry.status, entry.target) == (201, PARCELS)
    assert entry.request_body == {"isExpress": True}
    assert json.loads(entry.body) == {"isExpress": True}
    assert entry.request_headers["content-type"] == "application/json"
    assert entry.answer_headers["content-type"] == "application/json"
    assert entry.answer_body["id"] == created.id
    assert entry.request_problem is entry.answer_problem is None
    assert 0 < entry.duration < 1
    assert entry.time > time.time() + 3500
    assert "isExpress" in str(wrong.request_problem)
    assert (nowhere.operation_id, nowhere.status) == (None, 404)
    assert "no path" in str(nowhere.request_problem)
    assert mock.calls("createParcel") == [entry, wrong]
    assert mock.calls("listParcels") == []
    with pytest.raises(FaultError, match=r"no operation 'create'.*createParcel.*listParcels"):
        mock.calls("create")  # type: ignore[arg-type] # a name that there is not


def shown(mock: MockSample) -> str:
    return repr(mock.calls()) + json.dumps([entry.as_dict() for entry in mock.calls()])


def test_no_secret_is_shown(tmp_path: Path, document: dict[str, Any]) -> None:
    scheme = {"type": "apiKey", "in": "query", "name": "api_key"}
    document["components"]["securitySchemes"]["serviceKey"] = scheme
    document["components"]["schemas"]["Pin"] = {"type": "string", "format": "password"}
    pin = {"$ref": "#/components/schemas/Pin"}
    pins = {"type": "array", "items": {"allOf": [pin]}}
    document["components"]["schemas"]["Fields"] = {"properties": {"one": pin, "many": pins}}
    document["paths"]["/parcels"]["parameters"] = [{"name": "pin", "in": "query", "schema": pin}]
    headers = [JSON, ("Authorization", "Bearer canary"), ("Cookie", "canary")]
    log = tmp_path / "log.jsonl"
    target = f"{PARCELS}?api_key=canary&pin=canary&pickupCode=canary&other=seen"
    with MockSample(document, log=log) as mock:
        created = ask(mock, "POST", target, {}, headers).json
        for body in ({"one": "canary", "many": ["canary"]}, b"canary"):
            assert ask(mock, "POST", target, body, headers).status == 400
        assert ask(mock, "GET", target, b"", headers).json[0]["id"] == created["id"]
        entries = [json.dumps(entry.as_dict()) for entry in mock.calls()]
        assert log.read_text().splitlines() == entries
        text = repr(mock.calls()) + "".join(entries)
    for secret in ("canary", created["pickupCode"], created["labelToken"]):
        assert secret not in text
    assert created["id"] in text
    assert "other=seen" in text
    assert text.isascii()
    with MockSample(log=log) as mock:
        ask(mock, "GET", PARCELS)
    assert len(log.read_text().splitlines()) == 5
    with pytest.raises(StateError, match="cannot be written"):
        MockSample(log=tmp_path / "none" / "log.jsonl")


def test_only_so_much_is_held(mock: MockSample) -> None:
    ask(mock, "POST", PARCELS, {"text": "x" * 70_000})
    mock.seed_clients(900, api_key="one")
    assert len(ask(mock, "GET", PARCELS).json) == 900
    assert mock.calls()[0].request_body is mock.calls()[1].answer_body is None

    with ThreadPoolExecutor(8) as threads:
        for _ in range(10_048):
            threads.submit(mock.handle, "GET", "/nowhere", (), b"")
    assert [entry.number for entry in mock.calls()] == list(range(51, 10_051))
