"""Clients that are not ours: curl, and the fetch of Node.js."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from portal_v1.mock import MockPortal, MockServer


@pytest.fixture
def server(mock: MockPortal) -> Iterator[MockServer]:
    with mock.serve() as running:
        yield running


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def curl(url: str, *arguments: str) -> tuple[int, Any]:
    headers = ("-H", "Authorization: Bearer one", "-H", "Content-Type: application/json")
    out = run("curl", "-sS", *headers, *arguments, "-w", "\n%{http_code}", url)
    body, _, status = out.rpartition("\n")
    return int(status), json.loads(body)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_curl(server: MockServer) -> None:
    clients = f"{server.url}/custodians/clients"
    status, created = curl(clients, "-d", '{"isAccountAbstracted": true}')
    assert (status, created["isAccountAbstracted"]) == (201, True)
    one = f"{clients}/{created['id']}"
    assert curl(one)[1]["clientApiKey"] == created["clientApiKey"]
    assert curl(clients)[1][0]["id"] == created["id"]
    assert curl(f"{one}/session", "-d", "{}")[1]["clientSessionToken"]
    assert curl(f"{one}/web-otp")[1]["otp"]
    assert curl(f"{clients}/nobody") == (400, {"error": "Client not found"})
    assert curl(clients, "-d", "no json")[0] == 400


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
@pytest.mark.parametrize(
    ("fault", "code"),
    [("empty_reply", 52), ("truncated_body", 18), ("reset_after_reading", 56)],
)
def test_curl_names_the_fault(mock: MockPortal, server: MockServer, fault: str, code: int) -> None:
    mock.fault(fault)
    done = subprocess.run(
        ["curl", "-sS", "-H", "Authorization: Bearer one", f"{server.url}/custodians/clients"],
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == code


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_curl_reads_a_long_list(mock: MockPortal, server: MockServer) -> None:
    mock.seed_clients(5000, api_key="one")
    assert len(curl(f"{server.url}/custodians/clients")[1]) == 5000


NODE = """
const [url] = process.argv.slice(1);
const headers = { authorization: "Bearer one", "content-type": "application/json" };
const call = async (path, options = {}) => {
  const response = await fetch(url + "/custodians/clients" + path, { headers, ...options });
  return [response.status, await response.json()];
};
const created = await call("", { method: "POST", body: "{}" });
const id = created[1].id;
const results = [
  created,
  await call("/" + id),
  await call(""),
  await call("/" + id + "/session", { method: "POST", body: "{}" }),
  await call("/" + id + "/web-otp"),
  await call("/nobody"),
];
console.log(JSON.stringify(results));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js here")
def test_fetch_of_node(server: MockServer) -> None:
    results = json.loads(run("node", "--input-type=module", "-e", NODE, "--", server.url))
    assert [status for status, _ in results] == [201, 200, 200, 200, 200, 400]
    created, got, listed, session, otp = (body for _, body in results[:5])
    assert created["id"] == got["id"] == listed[0]["id"] == session["id"] == otp["id"]


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js here")
@pytest.mark.parametrize("fault", ["empty_reply", "garbage_status_line", "reset_in_body"])
def test_fetch_of_node_sees_faults(mock: MockPortal, server: MockServer, fault: str) -> None:
    mock.fault(fault)
    script = (
        "fetch(process.argv[1], { headers: { authorization: 'Bearer one' } })"
        ".then((answer) => answer.text()).then(() => console.log('whole'),"
        " (error) => console.log(error.constructor.name))"
    )
    url = f"{server.url}/custodians/clients"
    assert run("node", "-e", script, "--", url).strip() == "TypeError"
