"""Makes every call, sync and async, on the server whose URL it is given.

`make release` runs it with the installed wheel, `make test-vendored` with a copy in its place.
"""

from __future__ import annotations

import asyncio
import pickle
import sys

from portal_v1 import AsyncPortal, Portal, PortalError

assert not {"jsonschema_rs", "sqlite3", "pytest"} & sys.modules.keys()


def call_all(portal: Portal) -> list[object]:
    call, created = portal.clients, portal.clients.create(is_account_abstracted=True)
    assert [client.id for client in call.iter()] == [created.id]
    answers = call.get(created.id), call.refresh_session(created.id), call.list()
    return [created, *answers, call.generate_web_otp(created.id)]


async def call_all_async(portal: AsyncPortal) -> list[object]:
    async with portal:
        call, created = portal.clients, await portal.clients.create(is_account_abstracted=True)
        assert [client.id async for client in call.iter()] == [created.id]
        found, clients = await call.get(created.id), await call.list()
        session = await call.refresh_session(created.id)
        return [created, found, clients, session, await call.generate_web_otp(created.id)]


def fail(portal: Portal, client_id: str) -> PortalError:
    try:
        portal.clients.get(client_id)
    except PortalError as error:
        return error
    raise AssertionError(client_id)


def main(url: str) -> None:
    with Portal("sync", base_url=url) as portal:
        answers = [
            *call_all(portal),
            *asyncio.run(call_all_async(AsyncPortal("async", base_url=url))),
        ]
        nowhere = Portal("key", base_url="http://127.0.0.1:1", max_attempts=1)
        errors = [fail(portal, "?"), fail(portal, ".."), fail(nowhere, "1")]
    assert pickle.loads(pickle.dumps(answers)) == answers
    for error in errors:
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy), copy.attempts) == (type(error), str(error), error.attempts)
    names = " ".join(type(error).__name__ for error in errors)
    assert names == "BadRequestError InvalidRequestError APIConnectionError"


main(sys.argv[1])
