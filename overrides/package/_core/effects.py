"""What passes between the pipeline, which decides, and the connection, which sends."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterable, Mapping
from typing import Any, NamedTuple

from attrs import define, field

from .._secrets import Secret, list_names, redact
from ..types import RequestFiles
from .deadline import Deadline
from .text import to_printable

_REQUEST_IDS = ("x-request-id", "request-id", "x-correlation-id", "cf-ray")


class FetchKey(NamedTuple):
    """An effect: find out the key, which may have changed since the last request.

    Its outcome is the key, or None where it did not come in time.

    Attributes:
        scheme: The security scheme, where it is another than that of `api_key`.
    """

    scheme: str | None = None


class Pause(NamedTuple):
    """An effect: wait.

    Attributes:
        seconds: For how long.
    """

    seconds: float


@define(eq=False)
class SendRequest:
    """An effect: send a request and receive the response.

    Attributes:
        method: The HTTP method.
        url: The whole URL, encoded.
        headers: The header fields, the credentials apart.
        credentials: The header fields that authenticate.
        content: The body.
        files: The parts of a multipart body.
        deadline: When the response has to be there, whole.
        connect_timeout: Seconds that connecting may take; None for as long as there is.
        keepalive: Seconds after which an idle connection is not used any more; None for no end.
        repeatable: Whether it is safe to send again, so that an older connection may be tried.
        stream: Whether a success is handed on before its body is read.
        max_bytes: How large a response's body may be that is read whole.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(repr=lambda h: list_names(dict(h)))
    credentials: tuple[tuple[str, Secret[str]], ...]
    content: bytes | None = field(repr=False)
    files: RequestFiles | None = field(repr=False)
    deadline: Deadline
    connect_timeout: float | None
    keepalive: float | None
    repeatable: bool
    stream: bool
    max_bytes: int


Effect = FetchKey | Pause | SendRequest


class TransportFailure(NamedTuple):
    """No response came, or not the whole of it.

    Attributes:
        reason: What happened, for people.
        timed_out: Whether time ran out.
        maybe_processed: Whether the server may have acted on the request.
    """

    reason: str
    timed_out: bool
    maybe_processed: bool


def redact_failure(failure: TransportFailure, secrets: Iterable[Secret[str]]) -> TransportFailure:
    """Return a failure whose reason is fit to be shown."""
    return failure._replace(reason=to_printable(redact(failure.reason, secrets), 500))


Chunks = Generator[Secret[bytes] | TransportFailure, None, None]
AsyncChunks = AsyncGenerator[Secret[bytes] | TransportFailure, None]


@define(eq=False)
class RawResponse:
    """A response.

    Attributes:
        status: Its status.
        headers: Its header fields, looked up in any case.
        content: Its body; empty where it is streamed.
        chunks: Its body as it comes, where it is streamed: `Chunks`, or `AsyncChunks` from an
            async connection. A `TransportFailure` ends it early.
        secrets: What the server may have sent back, and nobody is to see.
        whole: Whether `content` is all of the body, which may be too large.
    """

    status: int
    headers: Mapping[str, str] = field(repr=list_names)
    content: Secret[bytes]
    chunks: Any = field(default=None, repr=False)
    secrets: tuple[Secret[str], ...] = ()
    whole: bool = True

    @property
    def request_id(self) -> str | None:
        """The server's name for the request, fit to be shown; None where it gave none."""
        for name in _REQUEST_IDS:
            if name in self.headers and (value := self.headers[name]):
                return to_printable(redact(value, self.secrets), 200) or None
        return None
