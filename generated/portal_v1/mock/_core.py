# Edited in overrides/package/mock/_core.py, from where `make generate` copies it.
"""The mock without any input or output: one request in, one answer out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from ._behaviour import BEHAVIOURS, Call
from ._bodies import read_undocumented
from ._errors import DocumentError
from ._json import members
from ._limits import RateLimit
from ._messages import Answer, RefusalError, bad_request, plain
from ._operations import Operation, compile_operations
from ._responses import Response, UndocumentedError
from ._router import Router
from ._schemas import Schemas
from ._state import State

_Wire = dict[str, list[str]]
_NO_BODY = frozenset({204, 205, 304})


class Found(NamedTuple):
    """A request's operation, and what its target says."""

    operation: Operation
    path: dict[str, str]
    query: str


class Served(NamedTuple):
    """An answer, and what was found wrong."""

    answer: Answer
    request_problem: str | None = None  # why the request was refused
    answer_problem: str | None = None  # why the intended answer was not sent


class Core:
    """Answers requests as an OpenAPI document says, and refuses to answer anything else.

    Each answer is one that the document has for the operation, and is validated against it
    before it leaves. Some answers are HTTP's own, sent as plain text, because no operation is
    there to have documented them: 404 for a path that the document does not have, 405 with
    `Allow` for a method that it does not have on that path. A refusal (400, 401) for which the
    operation documents no status, range or default is plain text too. An answer that would not
    be what the document says is not sent: a 500 in plain text says what differs.

    Args:
        document: The OpenAPI document, 3.0 or 3.1, as a dict. It is not changed.
        state: What the operations with a behaviour of their own remember.
        api_keys: The keys that are accepted, each a custodian. None accepts every key that is
            not empty.
        limit: What a custodian may send in a minute; None for as much as it likes.

    Raises:
        DocumentError: The document cannot be served. The text says where and why.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        state: State,
        *,
        api_keys: Collection[str] | None,
        limit: RateLimit | None = None,
    ) -> None:
        try:
            self.base_path = base_path(document)
            self.operations = tuple(
                compile_operations(Schemas(document, "request"), Schemas(document, "response"))
            )
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            raise DocumentError(f"The document is not valid OpenAPI ({error!r}).") from error
        self._router = Router(self.operations, self.base_path)
        self._state = state
        self._limit = limit
        self._keys = None if api_keys is None else frozenset(api_keys)

    def route(self, method: str, target: str) -> Found | Served:
        """The operation that a request asks for; an answer where there is none.

        Args:
            method: The method, in upper case.
            target: Path and query, percent-encoded as on the wire.
        """
        path, _, query = target.partition("?")
        try:
            route = self._router.find(path)
        except UnicodeDecodeError:
            return _unserved(400, "The path is not UTF-8.")
        if route is None:
            return _unserved(404, f"The document has no path {path!r}.")
        operation = route.operations.get(method)
        if operation is None:
            allowed = ", ".join(sorted(route.operations))
            return _unserved(405, f"The document has no {method} here.", ("allow", allowed))
        return Found(operation, route.parameters, query)

    def serve(self, found: Found, headers: Iterable[tuple[str, str]], body: bytes) -> Served:
        """Do what the request asks for, or refuse it.

        Args:
            found: What `route` found.
            headers: Names and values; names in any case.
            body: The whole body.
        """
        lowered = _lowered(headers)
        try:
            return self._served(found.operation, found.path, found.query, lowered, body)
        except RefusalError as refused:
            return self._refusal(found.operation, refused, _first(lowered, "accept"))

    def refuse(
        self, found: Found, headers: Iterable[tuple[str, str]], refused: RefusalError
    ) -> Served:
        """Refuse a request without looking at it."""
        return self._refusal(found.operation, refused, _first(_lowered(headers), "accept"))

    def _served(
        self,
        operation: Operation,
        path: dict[str, str],
        query: str,
        headers: _Wire,
        body: bytes,
    ) -> Served:
        wires = {
            "path": {name: [text] for name, text in path.items()},
            "query": _query(query),
            "header": headers,
            "cookie": _cookies(headers),
        }
        credential = operation.security.check(wires, self._keys)
        if self._limit is not None:
            self._limit.admit(credential)
        parameters: dict[str, Any] = {}
        for parameter in operation.parameters:
            given, value = parameter.read(wires[parameter.location])
            if given:
                parameters[parameter.name] = value
        value = None
        if operation.body is None:
            read_undocumented(body)
        else:
            value = operation.body.read(_first(headers, "content-type"), body)
        behaviour = BEHAVIOURS.get(operation.id)
        values = None
        if behaviour is not None:
            call = Call(self._state.custodian(credential), path, parameters, value)
            values = behaviour(self._state, call)
        status, response = operation.responses.success
        return _answer(operation, status, response, _first(headers, "accept"), values)

    def _refusal(self, operation: Operation, refused: RefusalError, accept: str) -> Served:
        found = operation.responses.find(*refused.statuses)
        if found is None:
            return _unserved(refused.statuses[0], refused.text, *refused.headers)
        status, response = found
        served = _answer(operation, status, response, accept, {"error": refused.text})
        names = {name for name, _ in refused.headers}
        kept = [pair for pair in served.answer.headers if pair[0] not in names]
        answer = served.answer._replace(headers=[*kept, *refused.headers])
        return Served(answer, refused.text, served.answer_problem)


def base_path(document: Mapping[str, Any]) -> str:
    """The path of the document's first server, without a slash at its end; "" for none."""
    servers: list[dict[str, Any]] = document.get("servers") or [{}]
    url = str(servers[0].get("url", ""))
    for name, variable in members(servers[0], "variables").items():
        url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    path = urlsplit(url).path.rstrip("/")
    return path if not path or path.startswith("/") else f"/{path}"


def _answer(
    operation: Operation, status: int, response: Response, accept: str, values: Any
) -> Served:
    """The documented answer, with the state's values in it where there are any."""
    media = response.choose(accept)
    headers = list(response.headers)
    if media is None or status in _NO_BODY:
        return Served(Answer(status, headers, b""))
    try:
        body = media.body(values)
    except UndocumentedError as error:
        text = (
            f"The mock will not send an answer that the document does not have: {operation.id}, "
            f"status {status}, {media.type}: {error}"
        )
        return Served(plain(500, text), answer_problem=text)
    return Served(Answer(status, [("content-type", media.type), *headers], body))


def _unserved(status: int, text: str, *headers: tuple[str, str]) -> Served:
    return Served(plain(status, text, *headers), text)


def _lowered(headers: Iterable[tuple[str, str]]) -> _Wire:
    lowered: _Wire = {}
    for name, value in headers:
        lowered.setdefault(name.lower(), []).append(value)
    return lowered


def _query(query: str) -> _Wire:
    found: _Wire = {}
    if not query:
        return found
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict")
    except ValueError:
        raise bad_request("query: is not UTF-8") from None
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _cookies(headers: _Wire) -> _Wire:
    found: _Wire = {}
    for line in headers.get("cookie", ()):
        for pair in line.split(";"):
            name, separator, value = pair.strip().partition("=")
            if separator:
                found.setdefault(name, []).append(value)
    return found


def _first(headers: _Wire, name: str) -> str:
    values = headers.get(name)
    return values[0] if values else ""
