from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.vendoring._support import NAME, PACKAGE, Project

KEY = "vendored-key"
CREATED = {
    "id": "client-1",
    "clientApiKey": "a-key",
    "clientSessionToken": "a-token",
    "isAccountAbstracted": False,
}


class Handler(BaseHTTPRequestHandler):
    """Creates one client, lists none, and knows one key."""

    def do_GET(self) -> None:
        self._answer(200, [])

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(201, CREATED)

    def _answer(self, status: int, answer: object) -> None:
        if self.headers["Authorization"] != f"Bearer {KEY}":
            status, answer = 401, {"error": "Unauthorized"}
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
        pass


@pytest.fixture
def url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


CALLS = f"""
import asyncio
from {NAME} import AsyncPortal, AuthenticationError, Portal
from {NAME}.models import CreatedClient

key, url = sys.argv[1:]

with Portal(key, base_url=url) as portal:
    created = portal.clients.create()
    assert type(created) is CreatedClient
    print(created)
    print(portal.clients.list(), list(portal.clients.iter()))
    try:
        portal.with_options(api_key="another").clients.list()
    except AuthenticationError as error:
        print(error.status_code, error.error)

async def main():
    async with AsyncPortal(key, base_url=url) as portal:
        print((await portal.clients.create()).id)
        print(await portal.clients.list(), [item async for item in portal.clients.iter()])

asyncio.run(main())
"""


def test_calls_over_a_socket(project: Project, url: str) -> None:
    result = project.run(CALLS, KEY, url)
    assert (result.returncode, result.stderr) == (0, "")
    created, *others = result.stdout.splitlines()
    assert created.startswith("CreatedClient(id='client-1', client_api_key=***,")
    assert others == ["[] []", "401 Unauthorized", "client-1", "[] []"]


CONSUMER = f'''
"""What a consumer's own code looks like."""

from collections.abc import AsyncIterator, Iterator
from typing import assert_type

from {NAME} import UNSET, AsyncPortal, Pace, Portal, PortalError, RateLimitError, Response
from {NAME}.api.clients import create_client
from {NAME}.models import Client, ClientSession, ClientSummary, ClientWebOtp
from {NAME}.models import CreateClientRequest, CreatedClient


def threads(portal: Portal) -> None:
    created = portal.clients.create(is_account_abstracted=True, timeout=3)
    assert_type(created, CreatedClient)
    assert_type(portal.clients.get(created.id), Client)
    assert_type(portal.clients.get(created.id).address, str | None)
    assert_type(portal.clients.list(), list[ClientSummary])
    items: Iterator[ClientSummary] = portal.clients.iter()
    assert_type(next(items), ClientSummary)
    assert_type(portal.clients.refresh_session(created.id), ClientSession)
    assert_type(portal.clients.generate_web_otp(created.id).otp, str)
    assert_type(portal.with_options(pace=Pace(200)), Portal)
    detailed = create_client.sync_detailed(
        client=portal, body=CreateClientRequest(is_account_abstracted=UNSET)
    )
    assert_type(detailed, Response[CreatedClient])


async def loop(portal: AsyncPortal) -> None:
    async with portal as entered:
        assert_type(entered, AsyncPortal)
        items: AsyncIterator[ClientSummary] = entered.clients.iter()
        async for item in items:
            assert_type(item, ClientSummary)
            assert_type(await entered.clients.generate_web_otp(item.id), ClientWebOtp)


def failing(portal: Portal) -> float | None:
    try:
        portal.clients.get(7)  # type: ignore[arg-type]
        portal.clients.create(account=True)  # type: ignore[call-arg]
        portal.clients.create(is_account_abstracted="yes")  # type: ignore[arg-type]
        portal.clients.remove("client-1")  # type: ignore[attr-defined]
    except RateLimitError as error:
        assert_type(error.status_code, int)
        return error.retry_after
    except PortalError as error:
        assert_type(error.status_code, int | None)
        assert_type(error.body, bytes | None)
    return None
'''


def test_mypy_sees_its_types(project: Project) -> None:
    (project.code / "consumer.py").write_text(CONSUMER)
    assert (project.code / PACKAGE / "py.typed").is_file()
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "consumer.py"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=project.code,
    )
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
