"""The inspector's page over HTTP; `test_inspector_browser` has it in a browser."""

from __future__ import annotations

import http.client
import json
import re
import socket
from contextlib import suppress
from typing import Any, NamedTuple

import pytest
from sample import Sample
from sample.mock import MockSample, MockServer

from tests.mock._support import ask, one_operation


class Got(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def fetch(
    server: MockServer,
    path: str,
    order: Any = None,
    *,
    method: str | None = None,
    **headers: str,
) -> Got:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=5)
    body = None if order is None else json.dumps(order)
    connection.request(
        method or ("GET" if order is None else "POST"),
        f"/__mock__{path}",
        body,
        {name.replace("_", "-"): value for name, value in headers.items()},
    )
    response = connection.getresponse()
    got = Got(response.status, response.headers, response.read().decode())
    connection.close()
    return got


def token(server: MockServer) -> str:
    found = re.search(r'name="mock-token" content="([^"]+)"', fetch(server, "/").text)
    assert found is not None
    return found[1]


def test_the_page_is_whole_and_guarded(server: MockServer) -> None:
    assert server.page_url == f"http://127.0.0.1:{server.port}/__mock__/"
    page = fetch(server, "/")
    assert page.status == 200
    policy = str(page.headers["content-security-policy"])
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce is not None
    assert f'<script nonce="{nonce[1]}">' in page.text
    assert "{{" not in page.text
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["cache-control"] == "no-store"
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page.text)  # works offline
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert sink not in page.text


def test_what_it_shows(mock: MockSample, server: MockServer) -> None:
    portal = mock.client("canary-key")
    created = portal.parcels.create()
    ask(mock, "GET", "/v1/parcels/%3Cscript%3E?x=<b>")
    mock.fault("latency", "createParcel", after=2, seconds=3.0)
    mock.clock.advance(60)
    got = fetch(server, "/state")
    state = got.json
    (item,) = state["custodians"][0]["items"]
    assert item["id"] == created.id
    assert item["content"]["pickupCode"] == "******"
    assert fetch(server, "/openapi.json").json == mock.document
    assert [entry["status"] for entry in state["journal"]] == [201, 400]
    assert "not found" in state["journal"][1]["request_problem"]
    assert state["faults"][0]["settings"] == {"seconds": 3.0}
    assert state["clock"]["offset"] == 60
    assert state["operations"] == mock.operations
    for secret in ("canary", created.pickup_code, created.label_token):
        assert secret not in got.text
    assert fetch(server, "/state?after=1").json["journal"][0]["number"] == 2
    assert fetch(server, "/state?after=2").json["journal"] == []
    assert len(mock.calls()) == 2  # the page itself is not in the journal


def test_what_it_changes(mock: MockSample, server: MockServer) -> None:
    allowed = {"x_mock_token": token(server)}
    fault = {"name": "server_error", "operation": "listParcels", "settings": {"status": 502}}
    assert fetch(server, "/faults", fault, **allowed).json["faults"][0]["number"] == 1
    assert ask(mock, "GET", "/v1/parcels").status == 502
    assert fetch(server, "/faults/remove", {"number": 1}, **allowed).json["faults"] == []
    assert ask(mock, "GET", "/v1/parcels").status == 200
    assert fetch(server, "/clock", {"seconds": 90}, **allowed).status == 200
    assert mock.clock.offset == 90
    assert fetch(server, "/reset", {}, **allowed).json["journal"] == []
    assert mock.clock.offset == 0


@pytest.mark.parametrize(
    ("path", "order", "expected"),
    [
        ("/faults", {"name": "nothing", "operation": None}, "There is no fault 'nothing'"),
        ("/faults", {"name": "latency", "operation": "x"}, "There is no operation 'x'"),
        ("/faults", {"name": "latency", "operation": None, "settings": {"x": 1}}, "no setting"),
        ("/faults", {"name": "latency", "operation": None, "often": 1}, "no setting"),
        ("/faults", {}, "cannot be done"),
        ("/faults", {"name": ["latency"], "operation": None}, "cannot be done"),
        ("/clock", {"seconds": -1}, "cannot be done"),
        ("/clock", {"seconds": None}, "cannot be done"),
        ("/clock", [], "cannot be done"),
    ],
)
def test_what_cannot_be_done(server: MockServer, path: str, order: Any, expected: str) -> None:
    got = fetch(server, path, order, x_mock_token=token(server))
    assert got.status == 400
    assert expected in got.json["error"]


def test_another_sites_page_cannot_use_it(mock: MockSample, server: MockServer) -> None:
    clock = {"seconds": 5}
    assert fetch(server, "/clock", clock).status == 403
    assert fetch(server, "/clock", clock, x_mock_token="guess").status == 403
    assert fetch(server, "/clock", clock, x_mock_token="gü\xdfe").status == 403
    assert mock.clock.offset == 0
    for host in ("attacker.example", "attacker.example:80", "", "[::1", "10.0.0.1"):
        assert fetch(server, "/state", host=host).status == 403
    for host in ("localhost", f"127.0.0.1:{server.port}", "[::1]:80"):
        assert fetch(server, "/state", host=host).status == 200
    assert "access-control-allow-origin" not in fetch(server, "/state").headers


def test_other_addresses_and_methods(server: MockServer) -> None:
    moved = fetch(server, "")
    assert (moved.status, moved.headers["location"]) == (308, "/__mock__/")
    assert fetch(server, "/nothing").status == 404
    assert fetch(server, "/nothing", {}, x_mock_token=token(server)).status == 404
    assert fetch(server, "/", method="DELETE").status == 405
    head = fetch(server, "/", method="HEAD")
    assert (head.status, head.text) == (200, "")


def test_it_is_not_in_process_and_can_be_switched_off(mock: MockSample) -> None:
    assert ask(mock, "GET", "/__mock__/").status == 404
    with mock.serve(inspector=False) as server:
        assert server.page_url is None
        assert fetch(server, "/").status == 404
        with Sample("one", base_url=server.url) as portal:
            portal.parcels.create()


def test_it_is_off_where_the_api_has_paths_there() -> None:
    document = one_operation({"type": "string"})
    document["paths"]["/__mock__/thing"] = document["paths"].pop("/thing")
    with MockSample(document) as mock, mock.serve() as server:
        assert server.page_url is None
        assert fetch(server, "/thing").status == 200


def test_only_this_machine_sees_it(mock: MockSample) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        with suppress(OSError):
            probe.connect(("192.0.2.1", 9))  # sends nothing
        address = str(probe.getsockname()[0])
    if address.startswith(("127.", "0.")):
        pytest.skip("this machine has no address but its own")
    with mock.serve("0.0.0.0") as server:  # noqa: S104
        assert server.url == f"http://127.0.0.1:{server.port}/v1"
        assert server.page_url == f"http://127.0.0.1:{server.port}/__mock__/"
        connection = http.client.HTTPConnection(address, server.port, timeout=5)
        connection.request("GET", "/__mock__/state", headers={"Host": "localhost"})
        assert connection.getresponse().status == 404
        connection.close()
