# Edited in overrides/package/_core/effects.py, from where `make generate` copies it.
"""What passes between the pipeline, which decides, and the connection, which sends."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterable, Mapping
from typing import Any, NamedTuple

from .._secrets import Record, Secret, show_text
from ..types import RequestFiles
from .clock import Deadline

_REQUEST_IDS = ("x-request-id", "request-id", "x-correlation-id", "cf-ray")


class FetchKey(NamedTuple):
    """An effect: ask for the key, which is None where it does not come in time."""

    scheme: str | None = None  # where it is another than that of `api_key`


class Pause(NamedTuple):
    """An effect: wait."""

    seconds: float


class SendRequest(Record):
    """An effect: send a request and receive the response."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    credentials: tuple[tuple[str, Secret[str]], ...]
    content: bytes | None
    files: RequestFiles | None
    deadline: Deadline
    connect_timeout: float | None
    keepalive: float | None
    repeatable: bool  # so that an older connection may be tried
    stream: bool  # whether a success is handed on before its body is read
    max_bytes: int  # of a body that is read whole


Effect = FetchKey | Pause | SendRequest


class TransportFailure(NamedTuple):
    """No response came, or not the whole of it."""

    reason: str  # for people
    timed_out: bool
    maybe_processed: bool

    def redact(self, secrets: Iterable[Secret[str]]) -> TransportFailure:
        """Return the failure with a reason that is fit to be shown."""
        return self._replace(reason=show_text(self.reason, secrets, 500))


Chunks = Generator[Secret[bytes] | TransportFailure, None, None]
AsyncChunks = AsyncGenerator[Secret[bytes] | TransportFailure, None]


class RawResponse(Record):
    """A response, whose header fields are looked up in any case."""

    status: int
    headers: Mapping[str, str]
    content: Secret[bytes]
    # The body as it comes, where it is streamed: `Chunks` or `AsyncChunks`.
    chunks: Any = None
    secrets: tuple[Secret[str], ...] = ()  # what the server may have sent back
    whole: bool = True  # or too large, and cut off

    def redact(self, secrets: tuple[Secret[str], ...]) -> RawResponse:
        """Return the response, which shows none of these secrets."""
        self.secrets = secrets
        return self

    @property
    def request_id(self) -> str | None:
        """The server's name for the request, fit to be shown; None where it gave none."""
        for name in _REQUEST_IDS:
            if name in self.headers and (value := self.headers[name]):
                return show_text(value, self.secrets, 200) or None
        return None
