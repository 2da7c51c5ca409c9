from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sample.mock import FaultError, MockSample, StateError

from tests.mock._support import JSON, KEY, PARCELS, ask


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


def test_no_secret_is_shown(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with MockSample(log=log) as mock:
        portal = mock.client("canary-key")
        created = portal.parcels.create()
        label = portal.parcels.renew_label(created.id)
        portal.parcels.list()
        ask(mock, "POST", PARCELS, {"pickupCode": "canary-body"})
        ask(mock, "POST", PARCELS, b"canary-text")
        ask(mock, "GET", PARCELS + "?pickupCode=canary-query&other=seen")
        mock.handle("GET", PARCELS, [KEY, JSON, ("Cookie", "canary=1")], b"")
        text = shown(mock) + log.read_text()
    for secret in ("canary", created.pickup_code, created.label_token, label.label_token):
        assert secret not in text
    assert created.id in text
    assert "other=seen" in text
    assert text.isascii()


def test_what_is_secret_by_reference_or_as_a_scheme_says_is_masked(
    document: dict[str, Any],
) -> None:
    scheme = {"type": "apiKey", "in": "query", "name": "api_key"}
    document["components"]["securitySchemes"]["serviceKey"] = scheme
    document["components"]["schemas"]["Pin"] = {"type": "string", "format": "password"}
    pin = {"$ref": "#/components/schemas/Pin"}
    pins = {"type": "array", "items": {"allOf": [pin]}}
    document["components"]["schemas"]["Fields"] = {"properties": {"one": pin, "many": pins}}
    document["paths"]["/parcels"]["parameters"] = [{"name": "pin", "in": "query", "schema": pin}]
    with MockSample(document) as mock:
        assert ask(mock, "GET", PARCELS + "?pin=canary&api_key=canary", headers=()).status == 200
        ask(mock, "POST", PARCELS, {"one": "canary", "many": ["canary"]})
        assert "canary" not in shown(mock)
        assert "api_key=" in mock.calls()[0].target


def test_the_log_is_json_lines(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    for count in (2, 1):
        with MockSample(log=log) as mock:
            for _ in range(count):
                ask(mock, "POST", PARCELS, {})
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(entry["number"], entry["status"]) for entry in entries] == [
        (1, 201),
        (2, 201),
        (1, 201),
    ]
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
