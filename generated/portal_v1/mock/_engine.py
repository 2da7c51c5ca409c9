# Edited in overrides/package/mock/_engine.py, from where `make generate` copies it.
"""The mock without any input or output: one request in, one answer out."""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlsplit

from ._behaviour import Behaviour, Call
from ._clock import make_lock
from ._messages import (
    Answer,
    Body,
    DocumentError,
    Headers,
    Outcome,
    RefusalError,
    bad_request,
    plain,
)
from ._operations import VARIABLE, Operation, compile_operations, find_effects
from ._requests import COMMA
from ._responses import UndocumentedError
from ._schemas import members
from ._state import State, custodian_of

_Texts = dict[str, list[str]]
_MINUTE = 60.0  # seconds
_NO_BODY = frozenset({204, 205, 304})


class Request(NamedTuple):
    """A request for an operation of the document."""

    operation: Operation
    path: dict[str, str]  # the path's variables, decoded
    query: str
    headers: _Texts  # by name in lower case
    body: bytes

    def first(self, header: str) -> str:
        """The first value of a header; "" where there is none."""
        return self.headers.get(header, [""])[0]


class _Path:
    """A path template, and the operations on it."""

    def __init__(self, template: str) -> None:
        pieces = VARIABLE.split(template)
        self.template, self.names = template, pieces[1::2]
        texts = (re.escape(quote(text, safe="/:@!$&'()*+,;=~-._%")) for text in pieces[::2])
        self.pattern = re.compile("([^/]+?)".join(texts))
        self.operations: dict[str, Operation] = {}
        # Segment by segment: fixed text before variables, long fixed parts before short ones.
        self.order = [("{" not in s, len(VARIABLE.sub("", s))) for s in template.split("/")]


class RateLimit:
    """So many requests in any minute for each credential; what is refused does not count."""

    def __init__(self, requests: int, clock: Callable[[], float]) -> None:
        if requests < 1:
            raise ValueError(f"rate_limit is a number of requests a minute from 1, not {requests}")
        self._requests = requests
        self._clock = clock
        self._lock = make_lock()
        self._sent: dict[str, deque[float]] = {}

    def admit(self, credential: str) -> None:
        """Count a request, or refuse it: 429, with Retry-After in whole seconds."""
        with self._lock:
            now = self._clock()
            sent = self._sent.setdefault(credential, deque())
            while sent and not now - _MINUTE < sent[0] <= now:
                sent.popleft()
            if len(sent) < self._requests:
                sent.append(now)
                return
            wait = max(1, math.ceil(sent[0] + _MINUTE - now))
        raise RefusalError((429,), "Too many requests", (("retry-after", str(wait)),))

    def reset(self) -> None:
        """Forget what was sent."""
        with self._lock:
            self._sent.clear()


class Engine:
    """Answers requests as an OpenAPI document says, and refuses to answer anything else.

    Each answer is one that the document has for the operation, and is validated before it leaves;
    one that would not be what the document says is not sent: a 500 says what differs. That is
    plain text, as are a 404 or 405 for what the document does not have, and a refusal for which
    the operation documents no status, range or default.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        state: State,
        seed: int,
        api_keys: Collection[str] | None,
        *,
        limit: RateLimit | None = None,
        strict: bool = False,
    ) -> None:
        self._state = state
        self._limit = limit
        self._strict = strict
        self._content_type = members(members(document, "info"), "x-client").get("content-type")
        self._keys = None if api_keys is None else frozenset(api_keys)
        try:
            self.base_path = _find_base_path(document)
            self.operations = list(compile_operations(document))
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            raise DocumentError(f"The document is not valid OpenAPI ({error!r}).") from error
        effects = zip(self.operations, find_effects(self.operations), strict=True)
        self._behaviours = {
            one: Behaviour(effect, one, state, seed)
            for one, effect in effects
            if effect is not None
        }
        self._public = {
            behaviour.effect.collection.item
            for one, behaviour in self._behaviours.items()
            if one.security.is_open
        }
        paths: dict[str, _Path] = {}
        for one in self.operations:
            path = paths.setdefault(one.shape, _Path(one.path))
            if path.template != one.path:
                names = f"{path.template} and {one.path}"
                raise DocumentError(f"{names} are the same path by different names.")
            path.operations[one.method] = one
        self._paths = sorted(paths.values(), key=lambda path: path.order, reverse=True)

    def route(self, method: str, target: str, headers: Headers, body: bytes) -> Request | Outcome:
        """The operation that a request asks for; an answer where there is none."""
        path, _, query = target.partition("?")
        found = self._find(path)
        if found is None:
            return _refuse(404, f"The document has no path {path!r}.")
        template, match = found
        if method not in template.operations:
            allowed = ", ".join(sorted(template.operations))
            return _refuse(405, f"The document has no {method} here.", ("allow", allowed))
        texts = (unquote(text, errors="strict") for text in match.groups())
        try:
            values = dict(zip(template.names, texts, strict=True))
        except UnicodeDecodeError:
            return _refuse(400, "The path is not UTF-8.")
        lowered: _Texts = {}
        for name, value in headers:
            lowered.setdefault(name.lower(), []).append(value)
        return Request(template.operations[method], values, query, lowered, body)

    def _find(self, path: str) -> tuple[_Path, re.Match[str]] | None:
        if not path.startswith(self.base_path):
            return None
        path = path[len(self.base_path) :]
        matches = ((one, one.pattern.fullmatch(path)) for one in self._paths)
        return next(((one, match) for one, match in matches if match is not None), None)

    @property
    def effects(self) -> dict[str, str]:
        """What each operation that has a memory does to it, in words."""
        return {operation.id: str(one.effect) for operation, one in self._behaviours.items()}

    def seed(self, key: str, count: int, *, filled: bool) -> None:
        """Add many items at once, of the first kind that the document has."""
        maker = self._find_maker()
        maker.seed(self._custodian(maker, key), count, filled=filled)

    def advance(self, key: str, item_id: str) -> bool:
        """Take an item of the first kind one step on; False after the last."""
        maker = self._find_maker()
        return maker.advance(self._custodian(maker, key), item_id)

    def _find_maker(self) -> Behaviour:
        for one in self._behaviours.values():
            if one.effect.does == "create" and not one.effect.parents:
                return one
        raise DocumentError("The document has no operation that makes something to be listed.")

    def _custodian(self, behaviour: Behaviour | None, key: str) -> int:
        """The custodian whose items a caller sees: what somebody reaches without a key is all's."""
        item = behaviour.effect.collection.item if behaviour is not None else ""
        return custodian_of("" if item in self._public else key)

    def serve(self, request: Request) -> Outcome:
        """Do what the request asks for, or refuse it."""
        operation = request.operation
        status, response = operation.responses.success
        media = None if status in _NO_BODY else response.choose(request.first("accept"))
        behaviour = self._behaviours.get(operation)
        content: Body = b""
        done: Any = None
        try:
            call, stray = self._read(request)
            if behaviour is not None:
                done = behaviour.carry_out(call, media)
            elif media is not None:
                done = media.example
            if media is not None:
                is_list = hasattr(done, "__next__")
                content = media.list_body(done) if is_list else media.encode(done)
        except RefusalError as refused:
            return self.refuse(request, refused)
        except UndocumentedError as error:
            return _undocumented(operation, status, error)
        headers = [("content-type", media.type)] if media is not None else []
        answer = Answer(status, [*headers, *response.headers], content)
        return Outcome(answer, strict_problem=stray or None)

    def _read(self, request: Request) -> tuple[Call, str]:
        """What is asked for, and what of it the document does not describe."""
        operation, headers = request.operation, request.headers
        texts = {
            "path": {name: [text] for name, text in request.path.items()},
            "query": _parse_query(request.query),
            "header": headers,
            "cookie": _parse_cookies(headers),
        }
        credential = operation.security.check(texts, self._keys)
        if self._limit is not None:
            self._limit.admit(credential)
        given: dict[str, Any] = {}
        for one in operation.parameters:
            given |= one.read(texts[one.location])
        content_type = request.first("content-type")
        value, stray = operation.body.read(content_type, request.body)
        if self._content_type and not content_type:
            stray = stray or f"Content-Type: {self._content_type} is asked for on every request"
        if stray and self._strict:
            raise bad_request(stray)
        custodian = self._custodian(self._behaviours.get(operation), credential)
        return Call(custodian, tuple(request.path.values()), given, value), stray

    def refuse(self, request: Request, refused: RefusalError) -> Outcome:
        """Refuse a request as the document has it, without looking at it."""
        operation = request.operation
        found = operation.responses.find(*refused.statuses)
        if found is None:
            return _refuse(refused.statuses[0], refused.text, *refused.headers)
        status, response = found
        media = None if status in _NO_BODY else response.choose(request.first("accept"))
        own = {name for name, _ in refused.headers}
        headers = [pair for pair in response.headers if pair[0] not in own]
        headers += refused.headers
        if media is None:
            return Outcome(Answer(status, headers, b""), refused.text)
        try:
            body = media.error_body(refused.text)
        except UndocumentedError as error:
            return _undocumented(operation, status, error)._replace(request_problem=refused.text)
        return Outcome(Answer(status, [("content-type", media.type), *headers], body), refused.text)


def _find_base_path(document: Mapping[str, Any]) -> str:
    """The path of the document's first server, without a slash at its end; "" for none."""
    servers: list[dict[str, Any]] = document.get("servers") or [{}]
    url = str(servers[0].get("url", ""))
    for name, variable in members(servers[0], "variables").items():
        url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    path = urlsplit(url).path.strip("/")
    return f"/{path}" if path else ""


def _refuse(status: int, text: str, *headers: tuple[str, str]) -> Outcome:
    return Outcome(plain(status, text, *headers), text)


def _undocumented(operation: Operation, status: int, error: UndocumentedError) -> Outcome:
    text = (
        "The mock will not send an answer that the document does not have: "
        f"{operation.id}, status {status}: {error}"
    )
    return Outcome(plain(500, text), answer_problem=text)


def _parse_query(query: str) -> _Texts:
    try:
        query = re.sub("%2c", quote(COMMA), query, flags=re.IGNORECASE)
        return parse_qs(query, keep_blank_values=True, errors="strict") if query else {}
    except ValueError:
        raise bad_request("query: is not UTF-8") from None


def _parse_cookies(headers: _Texts) -> _Texts:
    pairs = (pair.strip().partition("=") for pair in ";".join(headers.get("cookie", ())).split(";"))
    return {name: [value] for name, separator, value in pairs if separator}
