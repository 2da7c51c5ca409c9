# Edited in overrides/package/mock/_engine.py, from where `make generate` copies it.
"""The mock without any input or output: one request in, one answer out."""

from __future__ import annotations

import math
import re
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from ._behaviour import Behaviour
from ._clock import LOCK
from ._messages import Answer, Body, DocumentError, Headers, RefusalError, plain
from ._operations import Operation, Request, compile_operations, find_effects
from ._requests import COMMA, Texts, parse_pairs
from ._responses import Media, Response
from ._schemas import members
from ._state import State

_MINUTE = 60.0  # seconds
_COMMA = re.compile("%2c", re.IGNORECASE)
_NO_BODY = frozenset({204, 205, 304})


class Engine:
    """Answers requests as an OpenAPI document says, and refuses to answer anything else."""

    def __init__(
        self,
        document: Mapping[str, Any],
        state: State,
        seed: int,
        api_keys: Collection[str] | None,
        rate_limit: int | None,
        *,
        strict: bool,
    ) -> None:
        if rate_limit is not None and rate_limit < 1:
            raise ValueError(f"rate_limit is how many requests a minute, from 1, not {rate_limit}")
        self._clock, self._strict = state.clock, strict
        # When each credential sent its last requests; what is refused does not count.
        self.sent = defaultdict[str, deque[float]](lambda: deque(maxlen=rate_limit or 0))
        self._content_type = members(members(document, "info"), "x-client").get("content-type")
        self._keys = None if api_keys is None else frozenset(api_keys)
        try:
            self.base_path = _find_base_path(document)
            self.operations = list(compile_operations(document))
        except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
            raise DocumentError(f"The document is not valid OpenAPI ({error!r}).") from error
        effects = zip(self.operations, find_effects(self.operations), strict=True)
        does = [(one, effect) for one, effect in effects if effect is not None]
        public = {effect.collection.item for one, effect in does if one.security.is_open}
        self.behaviours = {  # what is reached without a key is everybody's
            one: Behaviour(effect, one, state, seed, is_shared=effect.collection.item in public)
            for one, effect in does
        }
        paths = dict[str, dict[str, Operation]]()
        for one in self.operations:
            methods = paths.setdefault(one.shape, {})
            if any(other.path != one.path for other in methods.values()):
                raise DocumentError(f"{one.path} is the same path as another, by other names.")
            methods[one.method] = one
        self._paths = list[tuple[re.Pattern[str], dict[str, Operation]]]()
        for shape in sorted(paths, key=_count_fixed, reverse=True):
            texts = (quote(text, safe="/:@!$&'()*+,;=~-._%") for text in shape.split("{}"))
            pattern = "([^/]+?)".join(map(re.escape, texts))  # each variable is a group
            self._paths.append((re.compile(re.escape(self.base_path) + pattern), paths[shape]))

    def route(self, method: str, target: str, headers: Headers, body: bytes) -> Request | Answer:
        """The operation that a request asks for; an answer where there is none."""
        path, _, query = target.partition("?")
        matches = ((pattern.fullmatch(path), methods) for pattern, methods in self._paths)
        found = next(((match, methods) for match, methods in matches if match), None)
        if found is None:
            return _refuse(404, f"The document has no path {path!r}.")
        match, methods = found
        if method not in methods:
            allowed = ", ".join(sorted(methods))
            return _refuse(405, f"The document has no {method} here.", ("allow", allowed))
        operation = methods[method]
        texts = (unquote(text, errors="strict") for text in match.groups())
        lowered = dict[str, list[str]]()
        for name, value in headers:
            lowered.setdefault(name.lower(), []).append(value)
        try:
            return Request(operation, tuple(texts), query, lowered, body)
        except UnicodeDecodeError:
            return _refuse(400, "The path is not UTF-8.")

    def serve(self, request: Request) -> Answer:
        """Do what the request asks for, or refuse it."""
        operation = request.operation
        behaviour = self.behaviours.get(operation)

        def make(media: Media) -> Body:
            template = media.template
            done = behaviour.carry_out(read, template) if behaviour else template.example
            return media.list_body(done) if hasattr(done, "__next__") else media.encode(done)

        try:
            read, stray = self._read(request)
            answer = self._answer(request, operation.responses.success, make)
            return answer._replace(strict_problem=stray or None)
        except RefusalError as refused:
            return self.refuse(request, refused)

    def refuse(self, request: Request, refused: RefusalError) -> Answer:
        """Refuse a request as the document has it, without looking at it."""
        found = request.operation.responses.find(*refused.statuses)
        if found is None:
            return _refuse(refused.statuses[0], refused.text, *refused.headers)
        make = partial(Media.error_body, text=refused.text)
        answer = self._answer(request, found, make, refused.headers)
        return answer._replace(request_problem=refused.text)

    def _answer(
        self,
        request: Request,
        documented: tuple[int, Response],
        make: Callable[[Media], Body],
        own: Sequence[tuple[str, str]] = (),
    ) -> Answer:
        """A documented answer, with a body that is made for it and with headers of its own."""
        status, response = documented
        media = response.nothing if status in _NO_BODY else response.choose(request.first("accept"))
        try:
            content = make(media)
        except DocumentError as error:
            text = "The mock will not send an answer that the document does not have: "
            text += f"{request.operation.id}, status {status}: {error}"
            return plain(500, text)._replace(answer_problem=text)
        names = {name for name, _ in own}
        headers = [("content-type", media.type)] if media.type else []
        headers += [pair for pair in response.headers if pair[0] not in names]
        return Answer(status, [*headers, *own], content)

    def _read(self, request: Request) -> tuple[Request, str]:
        """The request with what it asks for, and what of it the document does not describe."""
        operation, headers = request.operation, request.headers
        texts: dict[str, Texts] = {
            "path": {n: [text] for n, text in zip(operation.variables, request.path, strict=True)},
            "query": parse_pairs(_COMMA.sub(COMMA, request.query).encode(), "query"),
            "header": headers,
            "cookie": _parse_cookies(headers),
        }
        credential = operation.security.check(texts, self._keys)
        self._admit(credential)
        given: dict[str, Any] = {}
        for one in operation.parameters:
            given |= one.read(texts)
        content_type = request.first("content-type")
        value, stray = operation.body.read(content_type, request.body)
        if self._content_type and not content_type:
            stray = stray or f"Content-Type: {self._content_type} is asked for on every request"
        if stray and self._strict:
            raise RefusalError(stray)
        return request._replace(api_key=credential, parameters=given, value=value), stray

    def _admit(self, credential: str) -> None:
        """Count a request, or refuse it: 429, with Retry-After in whole seconds."""
        with LOCK:
            now, sent = self._clock(), self.sent[credential]
            wait = sent[0] + _MINUTE - now if sent and len(sent) == sent.maxlen else 0.0
            if not 0 < wait <= _MINUTE:  # it is longer where the clock was set back
                sent.append(now)
                return
        raise RefusalError("Too many requests", (429,), (("retry-after", str(math.ceil(wait))),))

    def find_maker(self) -> Behaviour:
        """What makes items of the first kind that the document has."""
        for one in self.behaviours.values():
            if one.effect.does == "create" and not one.effect.parents:
                return one
        raise DocumentError("The document has no operation that makes something to be listed.")


def _count_fixed(shape: str) -> list[tuple[bool, int]]:
    """Orders paths: segment by segment, fixed text before variables, much of it before little."""
    return [("{" not in one, len(one.replace("{}", ""))) for one in shape.split("/")]


def _find_base_path(document: Mapping[str, Any]) -> str:
    """The path of the document's first server, without a slash at its end; "" for none."""
    servers: list[dict[str, Any]] = document.get("servers") or [{}]
    url = str(servers[0].get("url", ""))
    for name, variable in members(servers[0], "variables").items():
        url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    path = urlsplit(url).path.strip("/")
    return f"/{path}" if path else ""


def _refuse(status: int, text: str, *headers: tuple[str, str]) -> Answer:
    return plain(status, text, *headers)._replace(request_problem=text)


def _parse_cookies(headers: Texts) -> Texts:
    pairs = (pair.strip().partition("=") for pair in ";".join(headers.get("cookie", ())).split(";"))
    return {name: [value] for name, separator, value in pairs if separator}
