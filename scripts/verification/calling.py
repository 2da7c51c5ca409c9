"""Calls the operations through the generated client, and keeps what came back as it came."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import portal_v1
from conformance.endpoints import Endpoint, endpoints
from conformance.typing_values import UnfitError, fitted
from portal_v1 import APIStatusError, InvalidResponseError, Portal, PortalError
from portal_v1._document import load_document
from portal_v1._secrets import Secret

from .masks import kind_of
from .operations import Operation

Arguments = Mapping[tuple[str, str], Any]
"""Values by where they are sent and how they are called there."""


class NotCallableError(Exception):
    """An operation cannot be called with what there is. The message says why."""


@dataclass(frozen=True)
class Exchange:
    """A call and what became of it.

    Attributes:
        status: The status of the answer; None where none came whole.
        headers: The header fields of the answer.
        body: The body of the answer, as it came.
        parsed: What the client made of it, alone in a tuple; an empty one where it raised.
        error: What the client raised; None where it raised nothing.
        stray: The name of what it raised beside its own errors, which is a defect; else empty.
        seconds: How long the call took.
    """

    status: int | None
    headers: Mapping[str, str] = field(repr=False)
    body: Secret[bytes]
    parsed: tuple[Any, ...] = field(repr=False)
    error: PortalError | None
    stray: str
    seconds: float

    @property
    def content_type(self) -> str:
        """The Content-Type of the answer; empty where it has none."""
        return self.headers.get("content-type", "")


class Recorder:
    """Keeps status and header fields of the last answer to a client of httpx.

    Args:
        http: The client. It gets a hook, and forgets cookies, as the generated client does when
            it sends by itself.
    """

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self.head: tuple[int, httpx.Headers] | None = None
        http.event_hooks = {"response": [self._keep]}

    def _keep(self, response: httpx.Response) -> None:
        self.head = (response.status_code, response.headers)
        self._http.cookies.clear()


class Caller:
    """Calls operations by their operationId.

    Args:
        recorder: What sees the answers of the client that sends.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._endpoints = endpoints(portal_v1, load_document())

    def needs_key(self, operation: Operation) -> bool:
        """Return whether an operation is sent with the key."""
        endpoint = self._endpoints.get(operation.id)
        return endpoint is not None and endpoint.credential is not None

    def call(
        self,
        portal: Portal,
        operation: Operation,
        arguments: Arguments,
        body: tuple[Any, ...],
    ) -> Exchange:
        """Call an operation once.

        Args:
            portal: The client to call it with.
            operation: The operation.
            arguments: Its parameters, as JSON values.
            body: Its body as a JSON value, alone in a tuple; an empty one to send none.

        Raises:
            NotCallableError: The client takes no such arguments.
        """
        endpoint = self._endpoints.get(operation.id)
        if endpoint is None:
            raise NotCallableError("The generated client does not have it.")
        keywords = _keywords(endpoint, arguments, body)
        self._recorder.head = None
        begun = time.perf_counter()
        response: Any = None
        error: PortalError | None = None
        stray = ""
        try:
            response = endpoint.module.sync_detailed(client=portal, **keywords)
        except PortalError as raised:
            error = raised
        except Exception as raised:  # noqa: BLE001 - a defect of the client is a finding too
            stray = type(raised).__name__
        seconds = time.perf_counter() - begun
        content: bytes | None = None
        if response is not None:
            content = response.content
        elif isinstance(error, APIStatusError | InvalidResponseError):
            content = error.body
        head = self._recorder.head if content is not None else None
        return Exchange(
            status=None if head is None else head[0],
            headers={} if head is None else head[1],
            body=Secret(content or b""),
            parsed=() if response is None else (response.parsed,),
            error=error,
            stray=stray,
            seconds=seconds,
        )


def _keywords(endpoint: Endpoint, arguments: Arguments, body: tuple[Any, ...]) -> dict[str, Any]:
    keywords: dict[str, Any] = {}
    for place, value in arguments.items():
        what = f"{place[0]} parameter {place[1]}"
        keyword = endpoint.parameters.get(place)
        if keyword is None:
            raise NotCallableError(f"The generated client has no {what}.")
        keywords[keyword] = _fitted(value, endpoint.annotations[keyword], what)
    if body:
        keywords["body"] = _fitted(body[0], endpoint.body, "body")
    return keywords


def _fitted(value: Any, annotation: Any, what: str) -> Any:
    try:
        return fitted(value, annotation)
    except UnfitError:
        pass
    raise NotCallableError(f"Its {what} takes no {kind_of(value)} such as there is.")
