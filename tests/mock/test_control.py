"""The control API over HTTP; `test_page` has the page in a browser."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema_rs
import pytest
from sample._http import httpx
from sample.mock import FAULTS, MockSample, MockServer

from tests.mock._support import ask

OWN = {"x_mock": "1"}
CLIENT = httpx.Client(trust_env=False, verify=False, headers={"Connection": "close"})


def fetch(server: MockServer, what: str, order: Any = None, **headers: str) -> httpx.Response:
    """Send `METHOD /path` below the prefix, as curl -d would; `METHOD //path` is beside it."""
    method, _, path = what.partition(" ")
    path = path[1:] if path.startswith("//") else f"/__mock__{path}"
    content = order if isinstance(order, (str, type(None))) else json.dumps(order)
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"http://{server.host}:{server.port}{path}"
    return CLIENT.request(method, url, content=content, headers=fields)


def test_every_operation_answers_what_its_document_says(
    mock: MockSample, server: MockServer
) -> None:
    mock.client().parcels.create()
    orders: dict[str, Any] = {
        "POST /faults": {"fault": "latency", "seconds": 0, "operation": "getParcel", "times": 2},
        "POST /clients": {"count": 2, "api_key": "one"},
        "POST /clock": {"hours": 1},
    }
    described = fetch(server, "GET /openapi.json").json()
    answered = set()
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            what, order = f"{method.upper()} {path}", orders.get(f"{method.upper()} {path}", {})
            if what == "POST /restore":
                fetch(server, "POST /snapshot", **OWN)
            (status, *_), answer = operation["responses"], operation["responses"]
            got = fetch(server, what, order, **OWN)
            assert got.status_code == int(status), what
            for media in answer[status].get("content", {}).values():
                value = got.json() if "json" in got.headers["content-type"] else got.text
                jsonschema_rs.validate(media["schema"], value)
            refused = fetch(server, f"{what}?nothing=1", {**order, "nothing": 1}, **OWN)
            assert refused.status_code == 400, what
            problem = answer["4XX"]["content"]["application/json"]["schema"]
            jsonschema_rs.validate(problem, refused.json())
            assert "There is no 'nothing' to be set here" in refused.text
            assert bool(operation["security"]) is (method != "get")
            answered.add(operation["operationId"])
    assert {"setFault", "advance", "listCalls", "seedClients", "checkHealth"} <= answered
    body = described["paths"]["/faults"]["post"]["requestBody"]["content"]["application/json"]
    assert [one["title"] for one in body["schema"]["oneOf"]] == list(FAULTS)
    assert mock.calls() == []  # reset; and itself it is in no journal


def test_faults_are_set_listed_and_removed(mock: MockSample, server: MockServer) -> None:
    fault = {"fault": "server_error", "operation": "listParcels", "status": 502.0}
    made = fetch(server, "POST /faults", fault, **OWN)
    assert made.status_code == 201
    assert made.json().items() >= {**fault, "number": 1, "times": None, "struck": 0}.items()
    assert ask(mock, "GET", "/v1/parcels").status == 502
    fetch(server, "POST /faults", {"fault": "latency"}, **OWN)
    listed = fetch(server, "GET /faults").json()
    assert listed[0] == {**made.json(), "struck": 1}
    for query, status, left in (("?number=7", 404, 2), ("?number=1", 204, 1), ("", 204, 0)):
        assert fetch(server, f"DELETE /faults{query}", **OWN).status_code == status
        assert len(mock.faults) == left


def test_the_journal_and_the_clients_are_cut_and_masked(
    mock: MockSample, server: MockServer
) -> None:
    created = mock.client("canary-key").parcels.create()
    for path in ("journal", "clients"):
        shown = fetch(server, f"GET /{path}").text
        assert created.id in shown
        assert not any(
            one in shown for one in ("canary-key", created.pickup_code, created.label_token)
        )
    mock.seed_clients(2, api_key="canary-key")
    for target in ("/v1/parcels", "/v1/parcels", "/v1/nothing"):
        ask(mock, "GET", target)
    journal = fetch(server, "GET /journal?after=2").json()
    assert [one["status"] for one in journal] == [200, 404]
    calls = fetch(server, "GET /journal?operation=listParcels&limit=1").json()
    assert [one["number"] for one in calls] == [3]
    custodian = fetch(server, "GET /clients?limit=2").json()[0]
    assert (custodian["count"], len(custodian["items"])) == (3, 2)


def test_a_snapshot_is_restored_and_all_is_forgotten(mock: MockSample, server: MockServer) -> None:
    seed = {"count": 2, "api_key": "one", "has_wallet": True}
    mock.fault("latency", seconds=0)
    steps: list[tuple[str, Any]] = [("clients", seed), ("snapshot", {"name": "two"})]
    steps += [("clients", seed), ("clock", {"days": 1, "seconds": 2}), ("reset", {})]
    steps += [("restore", {"name": "two"})]
    seen = []
    for path, order in steps:
        fetch(server, f"POST /{path}", order, **OWN)
        offset = fetch(server, "GET /clock").json()["offset"]
        seen.append((len(ask(mock, "GET", "/v1/parcels").json), offset))
    assert seen == [(2, 0), (2, 0), (4, 0), (4, 86402), (0, 0), (2, 0)]
    assert not mock.faults
    assert [entry.number for entry in mock.calls()] == [1, 2]  # since it was reset


@pytest.mark.parametrize(
    ("what", "order", "status", "expected"),
    [
        ("POST /faults", {"fault": "latency", "self": 1}, 400, "no 'self' to be set here"),
        ("POST /faults", {}, 400, "There is no fault ''. There are: dripping_body, "),
        ("POST /faults", "{", 400, "a JSON object, such as"),
        ("POST /faults", "[" * 100_000, 400, "a JSON object, such as"),
        ("POST /clock", '{"seconds": NaN}', 400, "$.seconds: the value is not"),
        ("POST /clients", {"count": -1, "api_key": "a"}, 400, "count is a number from 0"),
        ("POST /restore", {"name": "x"}, 404, "There is no snapshot 'x'. There are: none"),
        ("GET /journal?limit=x", None, 400, "$.limit: the value is not"),
        ("GET /clients?limit=10001", None, 400, "$.limit: the value is greater"),
        ("GET /journal?operation=x", None, 400, "no operation 'x'"),
        ("GET /nothing", None, 404, "openapi.json lists what there is"),
        ("PUT /faults", None, 405, "but GET, POST, DELETE"),
    ],
)
def test_what_is_refused_is_said(
    server: MockServer, what: str, order: Any, status: int, expected: str
) -> None:
    got = fetch(server, what, order, **OWN)
    assert got.status_code == status
    assert expected in got.json()["error"]
    assert got.headers.get("allow") == ("GET, POST, DELETE" if status == 405 else None)


def test_another_sites_page_cannot_use_it(mock: MockSample, server: MockServer) -> None:
    refused = fetch(server, "POST /clock", {"seconds": 5}, content_type="text/plain")
    assert "X-Mock: 1" in refused.json()["error"]
    asked = fetch(server, "OPTIONS /clock", access_control_request_headers="x-mock")
    foreign = fetch(server, "GET /clock", origin="https://attacker.example")
    assert (refused.status_code, asked.status_code) == (403, 405)
    assert fetch(server, "DELETE /faults").status_code == 403
    assert mock.clock.offset == 0
    hosts = ("attacker.example", "attacker.example:80", "a@localhost", "127.0.0.1.example")
    for host in (*hosts, "", "[::1", "10.0.0.1"):
        assert fetch(server, "GET /clock", host=host).status_code == 403
    for host in ("LOCALHOST", f"127.0.0.1:{server.port}", "[::1]:80"):
        assert fetch(server, "GET /clock", host=host).status_code == 200
    for got in (refused, asked, foreign):
        assert not [name for name in got.headers if name.startswith("access-control")]


def test_other_machines_need_a_name_that_was_given(
    mock: MockSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mock.serve("0.0.0.0", allow_hosts=["Mock.example:8080"]) as server:  # noqa: S104 - the test is of this
        assert server.url == f"http://127.0.0.1:{server.port}/v1"
        assert server.page_url == f"http://127.0.0.1:{server.port}/__mock__/"
        assert fetch(server, "GET /clock", host="mock.example").status_code == 200
        # Every caller seems to be another machine, as one behind a container's bridge.
        others = ("10.0.0.7", "10.0.0.8")
        monkeypatch.setattr("sample.mock._faces._Connection._addresses", lambda _: others)
        assert "--allow-host" in fetch(server, "GET /clock").json()["error"]
        assert fetch(server, "GET /clock", host="mock.example:1").status_code == 200
        assert fetch(server, "GET /health", host="10.0.0.7").json() == {"status": "ok"}
        # And one asks by this machine's own address, which only this machine can do.
        monkeypatch.setattr("sample.mock._faces._Connection._addresses", lambda _: others[:1] * 2)
        assert fetch(server, "GET /clock", host="10.0.0.7").status_code == 200
    with pytest.raises(ValueError, match="allow_hosts takes names"):
        mock.serve(allow_hosts=["[x"])


def test_the_page_is_whole_and_guarded_and_can_be_off(mock: MockSample, server: MockServer) -> None:
    page = fetch(server, "GET /")
    policy = page.headers["content-security-policy"]
    nonce = re.findall(r"'nonce-([^']+)'", policy)[0]
    assert f'<script nonce="{nonce}">' in page.text
    assert "{{" not in page.text
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["cache-control"] == "no-store"
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page.text)  # works offline
    assert not re.findall(r"\w+HTML\b|document\.write|eval\(", page.text)
    assert (fetch(server, "HEAD /").status_code, fetch(server, "HEAD /").text) == (200, "")
    for path in ("", "//"):
        moved = fetch(server, f"GET {path}")
        assert (moved.status_code, moved.headers["location"]) == (307, "/__mock__/")
    assert fetch(server, "GET /document.json").json() == mock.document
    assert mock.calls() == []
    assert ask(mock, "GET", "/__mock__/").status == 404  # in-process there is none
    with mock.serve(control=False) as off:
        assert off.page_url is None
        assert fetch(off, "GET /").status_code == 404
