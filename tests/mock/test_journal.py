from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from portal_v1 import BadRequestError, ServerError
from portal_v1.mock import FaultError, MockPortal, StateError

from tests.mock._support import JSON, KEY, ask

CLIENTS = "/api/v1/custodians/clients"


def test_calls_are_counted_by_operation(mock: MockPortal) -> None:
    portal = mock.client()
    created = portal.clients.create(is_account_abstracted=True)
    portal.clients.get(created.id)
    portal.clients.get(created.id)
    assert [entry.operation_id for entry in mock.calls()] == [
        "createClient",
        "getClient",
        "getClient",
    ]
    (entry,) = mock.calls("createClient")
    assert (entry.number, entry.method, entry.status) == (1, "POST", 201)
    assert entry.target == CLIENTS
    assert entry.request_body == {"isAccountAbstracted": True}
    assert entry.request_headers["content-type"] == "application/json"
    assert entry.answer_headers["content-type"] == "application/json"
    assert entry.answer_body["id"] == created.id
    assert entry.request_problem is None
    assert entry.answer_problem is None
    assert 0 < entry.duration < 1
    assert mock.calls("listClients") == []


def test_an_unknown_operation_is_no_empty_list(mock: MockPortal) -> None:
    with pytest.raises(FaultError, match=r"no operation 'create'.*createClient.*listClients"):
        mock.calls("create")


def test_the_time_is_the_mocks(mock: MockPortal) -> None:
    with MockPortal(clock=lambda: 1000.0) as still:
        still.clock.advance(hours=1)
        ask(still, "GET", CLIENTS)
        assert still.calls()[0].time == 4600.0


def test_what_is_refused_says_why(mock: MockPortal) -> None:
    ask(mock, "POST", CLIENTS, b'{"isAccountAbstracted": 1}')
    ask(mock, "GET", "/nowhere")
    ask(mock, "GET", CLIENTS, headers=())
    wrong, nowhere, nobody = mock.calls()
    assert "isAccountAbstracted" in str(wrong.request_problem)
    assert (nowhere.operation_id, nowhere.status) == (None, 404)
    assert "no path" in str(nowhere.request_problem)
    assert nobody.status == 401


def test_answers_that_break_the_document_are_named(document: dict[str, Any]) -> None:
    document["components"]["schemas"]["Client"]["properties"]["address"] = {
        "type": "string",
        "not": {},
    }
    document["components"]["schemas"]["Client"]["required"].append("address")
    with MockPortal(document) as mock:
        portal = mock.client(max_attempts=1)
        with pytest.raises(ServerError):
            portal.clients.get(portal.clients.create().id)
        assert "$.address" in str(mock.calls("getClient")[0].answer_problem)


def shown(mock: MockPortal) -> str:
    return repr(mock.calls()) + json.dumps([entry.as_dict() for entry in mock.calls()])


def test_no_secret_is_shown(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with MockPortal(log=log) as mock:
        portal = mock.client("canary-key")
        created = portal.clients.create()
        session = portal.clients.refresh_session(created.id)
        otp = portal.clients.generate_web_otp(created.id)
        portal.clients.list()
        with pytest.raises(BadRequestError):
            portal.clients.get("nobody")
        ask(mock, "POST", CLIENTS, b'{"clientApiKey": "canary-body"}')
        ask(mock, "POST", CLIENTS, b"canary-text")
        ask(mock, "GET", CLIENTS + "?clientApiKey=canary-query&other=seen")
        text = shown(mock) + log.read_text()
    for secret in (
        "canary",
        created.client_api_key,
        created.client_session_token,
        session.client_session_token,
        otp.otp,
    ):
        assert secret not in text
    assert created.id in text
    assert "other=seen" in text


def test_a_credential_in_the_query_is_masked(document: dict[str, Any]) -> None:
    document["components"]["securitySchemes"]["portalApiKey"] = {
        "type": "apiKey",
        "in": "query",
        "name": "api_key",
    }
    with MockPortal(document) as mock:
        assert ask(mock, "GET", CLIENTS + "?api_key=canary", headers=()).status == 200
        assert "canary" not in shown(mock)
        assert "api_key=" in mock.calls()[0].target


def test_the_log_is_json_lines(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    for count in (2, 1):
        with MockPortal(log=log) as mock:
            for _ in range(count):
                ask(mock, "POST", CLIENTS, b"{}")
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(entry["number"], entry["status"]) for entry in entries] == [
        (1, 201),
        (2, 201),
        (1, 201),
    ]
    assert entries[0]["operation_id"] == "createClient"


def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be written"):
        MockPortal(log=tmp_path / "none" / "log.jsonl")


def test_only_the_newest_entries_are_held(mock: MockPortal) -> None:
    for _ in range(10_050):
        mock.handle("GET", "/nowhere", (), b"")
    entries = mock.calls()
    assert (len(entries), entries[0].number, entries[-1].number) == (10_000, 51, 10_050)


def test_long_bodies_are_not_held(mock: MockPortal) -> None:
    body = json.dumps({"text": "x" * 70_000}).encode()
    ask(mock, "POST", CLIENTS, body)
    assert mock.calls()[0].request_body is None
    mock.seed_clients(900, api_key="one")
    assert len(ask(mock, "GET", CLIENTS).json) == 900
    assert mock.calls()[1].answer_body is None


def test_every_thread_is_in_it(mock: MockPortal) -> None:
    threads = [
        threading.Thread(target=lambda: [ask(mock, "GET", CLIENTS) for _ in range(50)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry.number for entry in mock.calls()] == list(range(1, 401))


def test_headers_may_come_twice(mock: MockPortal) -> None:
    mock.handle("GET", CLIENTS, [KEY, JSON, ("Cookie", "canary=1")], b"")
    assert "canary" not in shown(mock)
