"""What schemathesis sends its cases with: the generated client, and the wire where that cannot."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final, TypeVar

import httpx
import requests
from schemathesis import Case, Response
from schemathesis.core import NotSet
from schemathesis.generation.overrides import Override
from schemathesis.schemas import BaseSchema
from schemathesis.transport.requests import REQUESTS_TRANSPORT, RequestsTransport

from .endpoints import Endpoint
from .expressing import InexpressibleError, expressed
from .sending import Caller, Digest, Outcome, client_classes

PATIENCE: Final = 3
"""After how many requests in a row that nobody answered in time a server counts as silent."""

S = TypeVar("S", bound=BaseSchema)


class ClientTransport(RequestsTransport):
    """Sends each case through the generated client.

    A case that a typed client cannot express goes over the wire as schemathesis itself would
    send it. A case that the client refuses before anything is sent, such as an id of two dots,
    does so too: the server has to stand it.

    Args:
        package: The generated package.
        endpoints: Its operations by operationId.
        caller: What carries calls out.
        digest: A fingerprint of all requests, in order, to go on with.

    Attributes:
        calls: How many cases the client sent, by operationId.
        raw: How many it could not send, by the reason.
        refused: How many it refused before anything was sent, by the error's class.
    """

    def __init__(
        self,
        package: ModuleType,
        endpoints: Mapping[str, Endpoint],
        caller: Caller,
        digest: Digest,
    ) -> None:
        super().__init__()
        self._copy_serializers_from(REQUESTS_TRANSPORT)
        self._package = package
        self._endpoints = endpoints
        self._caller = caller
        self._client_class = client_classes(package)[0]
        self._outcomes: dict[str, Outcome] = {}
        self.calls: Counter[str] = Counter()
        self.raw: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.digest = digest
        self._unanswered = 0

    @property
    def is_silent(self) -> bool:
        """Whether the server takes requests and answers none."""
        return self._unanswered >= PATIENCE

    def send(
        self, case: Case[Any], *, session: requests.Session | None = None, **kwargs: Any
    ) -> Response:
        """Send one case and return the raw answer."""
        if self.is_silent:
            raise requests.Timeout("The server is silent.")
        headers = {**(session.headers if session else {}), **(kwargs.get("headers") or {})}
        wire = self.serialize_case(case, **{**kwargs, "headers": headers})
        operation_id = case.operation.definition.raw["operationId"]
        endpoint = self._endpoints[operation_id]
        try:
            call = expressed(case, endpoint, wire, self.resource(endpoint), self._turn(case))
        except InexpressibleError as reason:
            self.raw[str(reason)] += 1
            return self._send_raw(case, session, kwargs)
        outcome = self._caller.send(call)
        if not outcome.exchanges:
            self.refused[type(outcome.error).__name__] += 1
            return self._send_raw(case, session, kwargs)
        self.calls[operation_id] += 1
        last = outcome.exchanges[-1]
        self.note(outcome)
        if last.answer is None:
            raise _broken(outcome, last.request)
        self._outcomes[case.id] = outcome
        return answered(last.answer, kwargs)

    def outcome(self, case: Case[Any]) -> Outcome | None:
        """Return what became of a case; None where it was sent raw."""
        return self._outcomes.get(case.id)

    def forget(self) -> None:
        """Forget the outcomes so far."""
        self._outcomes.clear()

    def resource(self, endpoint: Endpoint) -> type:
        """Return the class that has an operation's method."""
        name = getattr(self._client_class, endpoint.resource).fget.__annotations__["return"]
        found: type = getattr(self._package.resources, name)
        return found

    def _turn(self, case: Case[Any]) -> int:
        # By what it sends, so that a failing case fails again when it is sent again; what has
        # nothing to send would be the same case each time, so that is simply counted.
        told = (case.path_parameters, case.query, case.body)
        if isinstance(case.body, NotSet) and not any(told[:2]):
            return self.calls.total()
        return zlib.crc32(repr(told).encode(errors="backslashreplace"))

    def _send_raw(
        self, case: Case[Any], session: requests.Session | None, kwargs: dict[str, Any]
    ) -> Response:
        try:
            response = super().send(case, session=session, **kwargs)
        except requests.Timeout:
            self._unanswered += 1
            raise
        self._unanswered = 0
        sent = response.request
        body: Any = sent.body or b""
        self.digest.add(
            str(sent.method),
            sent.path_url,
            str(sent.headers.get("Authorization")),
            body.encode() if isinstance(body, str) else body,
        )
        return response

    def note(self, outcome: Outcome) -> None:
        """Add what was sent for a call to the fingerprint."""
        is_late = "Timeout" in type(outcome.error).__name__
        self._unanswered = self._unanswered + 1 if is_late else 0
        for request, _ in outcome.exchanges:
            self.digest.add(
                request.method,
                request.url.raw_path.decode("ascii"),
                str(request.headers.get("Authorization")),
                request.content,
            )


def bound(schema: S, transport: ClientTransport) -> S:
    """Return the schema, made to send everything by this transport.

    `transport` is a read-only property of schemathesis' schemas, and what it clones keeps the
    class; both undocumented, so its version is pinned.
    """
    kind = type(schema)
    schema.__class__ = type(kind.__name__, (kind,), {"transport": property(lambda _: transport)})
    return schema


def answered(answer: httpx.Response, kwargs: dict[str, Any]) -> Response:
    """Return an answer of httpx in the form that schemathesis' checks read."""
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers.multi_items():
        headers.setdefault(name, []).append(value)
    return Response(
        status_code=answer.status_code,
        headers=headers,
        content=answer.content,
        request=prepared(answer.request),
        elapsed=0.0,
        verify=True,
        message=answer.reason_phrase,
        http_version="1.1",
        encoding=answer.encoding,
        _override=Override.from_send_kwargs(kwargs),
    )


def prepared(request: httpx.Request) -> requests.PreparedRequest:
    """Return a request of httpx in the form that schemathesis reads."""
    made = requests.PreparedRequest()
    made.method = request.method
    made.url = str(request.url)
    made.headers = requests.structures.CaseInsensitiveDict(request.headers)
    made.body = request.content
    return made


def _broken(outcome: Outcome, request: httpx.Request) -> requests.ConnectionError:
    # schemathesis knows from this class that there was no answer.
    return requests.ConnectionError(str(outcome.error), request=prepared(request))
