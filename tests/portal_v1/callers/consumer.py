"""Every call from an installed package. `make release` runs it where there is no source tree."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import portal_v1
from portal_v1 import AsyncPortal, Portal
from portal_v1.mock import MockPortal


def call_all(portal: Any) -> None:
    created = portal.clients.create(is_account_abstracted=True)
    found = portal.clients.get(created.id)
    assert (found.client_api_key, found.is_account_abstracted) == (created.client_api_key, True)
    assert [client.id for client in portal.clients.list()] == [created.id]
    assert portal.clients.refresh_session(created.id).client_session_token
    assert portal.clients.generate_web_otp(created.id).otp


async def call_all_async(portal: Any) -> None:
    created = await portal.clients.create(is_account_abstracted=True)
    found = await portal.clients.get(created.id)
    assert (found.client_api_key, found.is_account_abstracted) == (created.client_api_key, True)
    assert [client.id async for client in portal.clients.iter()] == [created.id]
    assert (await portal.clients.refresh_session(created.id)).client_session_token
    assert (await portal.clients.generate_web_otp(created.id)).otp
    await portal.aclose()


def run(url: str, *arguments: str) -> dict[str, str]:
    program = Path(sys.executable).with_name("portal-v1")
    environment = {**os.environ, "PORTAL_API_KEY": "cli", "PORTAL_BASE_URL": url}
    command = [str(program), "clients", *arguments, "--output", "jsonl"]
    printed: dict[str, str] = json.loads(subprocess.check_output(command, env=environment))
    return printed


def main() -> None:
    assert Path(portal_v1.__file__).is_relative_to(sys.prefix), portal_v1.__file__
    with MockPortal() as mock, mock.serve() as server:
        with Portal("sync", base_url=server.url) as portal:
            call_all(portal)
        asyncio.run(call_all_async(AsyncPortal("async", base_url=server.url)))
        client = run(server.url, "create")["id"]
        assert run(server.url, "list")["id"] == client
        for command in ("get", "refresh-session", "generate-web-otp"):
            assert run(server.url, command, client)["id"] == client
    sys.stdout.write(f"portal-v1 {portal_v1.__version__}, installed: every call works.\n")


if __name__ == "__main__":
    main()
