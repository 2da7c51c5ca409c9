"""What a server sends beyond an answer is never taken for the answer to another call."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import trustme
from sample import SampleError

from tests.network._operations import GET, PARCEL, items, run
from tests.network._server import Answer, Peer, head, tls_of
from tests.network.conftest import Reach, Serve, each_mode

OTHERS = json.dumps(PARCEL | {"id": "of-somebody-else"}).encode()
MINE = GET.body


def _answer(body: bytes, *fields: str) -> bytes:
    return head(200, f"Content-Length: {len(body)}", *fields) + body


STALE = _answer(OTHERS)
_CHUNKED = head(200, "Transfer-Encoding: chunked")
# What a server sends for one request: parts, with a pause after each but the last.
BEYOND: dict[str, tuple[bytes, ...]] = {
    "a second answer in the same segment": (_answer(MINE) + STALE,),
    "a second answer right after": (_answer(MINE), STALE),
    "the beginning of one": (_answer(MINE) + STALE[:-5],),
    "a line break": (_answer(MINE) + b"\r\n",),
    "more than was announced": (head(200, f"Content-Length: {len(MINE)}") + MINE + STALE,),
    "after the last chunk": (_CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(MINE), MINE) + STALE,),
    "a body after 204": (head(204) + STALE,),
    "a body after 304": (head(304) + STALE,),
    "a body after a length of zero": (_answer(b"") + STALE,),
    "an answer after 429": (head(429, "Content-Length: 0") + STALE,),
}


def _sends(parts: tuple[bytes, ...]) -> Answer:
    def act(peer: Peer) -> None:
        for number, part in enumerate(parts):
            time.sleep(0.02 if number else 0)
            peer.send(part)

    return Answer(act)


def _calls(count: int, first: Callable[[Any], Any], pause: float = 0.02) -> Callable[[Any], Any]:
    """Call `first`, and then `count` times the operation; return the ids that came."""

    def sync(client: Any) -> list[str]:
        with suppress(SampleError):
            first(client)
        ids = []
        for _ in range(count):
            time.sleep(pause)
            ids.append(GET.call(client).id)
        return ids

    async def asynchronous(client: Any) -> list[str]:
        with suppress(SampleError):
            await first(client)
        ids = []
        for _ in range(count):
            await asyncio.sleep(pause)
            ids.append((await GET.call(client)).id)
        return ids

    return lambda client: asynchronous(client) if hasattr(client, "aclose") else sync(client)


def _once(client: Any) -> Any:
    return client.with_options(max_attempts=1).parcels.get("parcel-1")


@each_mode
@pytest.mark.parametrize("beyond", BEYOND)
def test_it_is_dropped_with_its_connection(reach: Reach, beyond: str, mode: str) -> None:
    late = 0.2 if len(BEYOND[beyond]) > 1 else 0.02  # It is to be there before the next call.
    server, url = reach(_sends(BEYOND[beyond]), _sends((_answer(MINE),)))
    assert run(mode, url, _calls(2, _once, late)) == ["parcel-1"] * 2
    assert len(server.peers) == 2  # The first one is not used again.


@each_mode
def test_it_is_dropped_after_a_streamed_answer(serve: Serve, mode: str) -> None:
    listed = json.dumps([PARCEL]).encode()
    server = serve(_sends((_answer(listed) + STALE,)), _sends((_answer(MINE),)))
    assert run(mode, server.url, _calls(2, items)) == ["parcel-1"] * 2
    assert len(server.peers) == 2


def test_what_comes_between_two_calls_is_dropped_by_a_given_client_too(serve: Serve) -> None:
    server = serve(_sends(BEYOND["a second answer right after"]), _sends((_answer(MINE),)))
    given = {"verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}
    assert run("sync", server.url, _calls(2, _once, 0.2), given=given) == ["parcel-1"] * 2


@each_mode
def test_a_connection_is_kept_where_nothing_came_beyond(
    serve: Serve, mode: str, trusted: trustme.CA
) -> None:
    server = serve(_sends((_answer(MINE),)), tls=tls_of(trusted, "127.0.0.1"))
    assert run(mode, server.url, _calls(4, _once)) == ["parcel-1"] * 4
    assert len(server.peers) == 1
