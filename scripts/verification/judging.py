"""An answer against what the document says of it, and what the client made of the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import Enum
from typing import Any

from portal_v1 import APIStatusError, InvalidResponseError
from portal_v1._core import encode, json
from portal_v1._service import SERVICE
from portal_v1.mock._schemas import Schemas
from portal_v1.mock._values import best_range, essence, is_json

from .calling import Exchange
from .comparison import Comparison
from .masks import Masks, shape_of
from .operations import Operation
from .rows import Level, Row
from .survival import lost

_NO_BODY = {204, 205, 304}


class Expected(Enum):
    """What an exchange is to end with. The values are statuses."""

    SUCCESS = range(200, 300)
    REFUSAL = range(400, 500)
    REFUSED_KEY = (401, 403)


class Judge:
    """Compares answers with the document.

    Args:
        schemas: The document's schemas, as they hold for answers.
        masks: What learns the secrets that are found.
    """

    def __init__(self, schemas: Schemas, masks: Masks) -> None:
        self._comparison = Comparison(schemas, masks)
        self._schemas = schemas
        self._masks = masks

    def rows(
        self,
        operation: Operation,
        exchange: Exchange,
        expected: Expected,
        *,
        shows_values: bool = True,
    ) -> list[Row]:
        """Return what is to be said of an answer.

        Args:
            operation: What was called.
            exchange: What became of it.
            expected: What it was to end with.
            shows_values: Whether values may be shown at all; what the server says went wrong
                is shown in any case.
        """
        if exchange.status is None:
            return [self._no_answer(exchange)]
        status = exchange.status
        documented = operation.response(status)
        answered = [self._status(operation, status, expected, documented is not None)]
        response = None if documented is None else documented[1]
        if response is None and 200 <= status < 300:  # noqa: PLR2004 - a success, as HTTP has it
            response = None if operation.success is None else operation.success[1]
        body = [*self._body(exchange, response)]
        if not shows_values:
            body = [row if _says_what_went_wrong(row) else replace(row, value=None) for row in body]
        return [
            *answered,
            *self._headers(exchange, response),
            *body,
            self._client(exchange, response, body),
        ]

    def _no_answer(self, exchange: Exchange) -> Row:
        said = f"{type(exchange.error).__name__}: {exchange.error}"
        if exchange.stray:
            said = f"the client raised {exchange.stray}, which is none of its errors"
        return Row("answer", "", "none", self._masks.text(said, 400), Level.DIFFERS)

    def _status(
        self,
        operation: Operation,
        status: int,
        expected: Expected,
        documented: bool,  # noqa: FBT001
    ) -> Row:
        names = ", ".join(operation.responses)
        if not documented:
            return Row("status", names, str(status), "not documented", Level.DIFFERS)
        if status in expected.value:
            return Row("status", names, str(status))
        wanted = {
            Expected.SUCCESS: "a success was expected",
            Expected.REFUSAL: "a refusal was expected",
            Expected.REFUSED_KEY: "it has to be refused as a key that is not known",
        }[expected]
        return Row("status", names, str(status), f"documented, but {wanted}", Level.DIFFERS)

    def _headers(self, exchange: Exchange, response: Mapping[str, Any] | None) -> Iterator[Row]:
        if response is None:
            found = self._masks.text(exchange.content_type) or "none"
            yield Row("content type", "", found)
            return
        kinds = [*(response.get("content") or {})]
        found = self._masks.text(exchange.content_type)
        documented = ", ".join(kinds) or "none"
        if found and kinds and best_range(kinds, found) is None:
            yield Row("content type", documented, found, "not documented", Level.DIFFERS)
        elif kinds and not found:
            yield Row("content type", documented, "none", "missing", Level.DIFFERS)
        elif kinds or found:
            yield Row("content type", documented, found)
        for name, node in (response.get("headers") or {}).items():
            header = self._schemas.resolve(node)
            required = header.get("required") is True
            documented = "" if required else "optional"
            if name.lower() in exchange.headers:
                yield Row(f"header {name}", documented, "there", is_secret=True)
            else:
                level = Level.DIFFERS if required else Level.NOTE
                remark = "missing" if required else "absent"
                yield Row(f"header {name}", documented, "nothing", remark, level)

    def _body(self, exchange: Exchange, response: Mapping[str, Any] | None) -> Iterator[Row]:
        content = exchange.body.reveal()
        media = {} if response is None else response.get("content") or {}
        kind = best_range(media, exchange.content_type) or next(filter(is_json, media), None)
        if response is not None and not media:
            if content and exchange.status not in _NO_BODY:
                yield Row("body", "none", self._shape(exchange), "not documented", Level.DIFFERS)
        elif kind is None or not is_json(kind):
            yield Row("body", kind or "", self._shape(exchange))
        else:
            try:
                value = json.load(content)
            except json.MalformedJSONError:
                found = self._shape(exchange)
                yield Row("body", "JSON", found, "not JSON", Level.DIFFERS)
                return
            yield from self._comparison.rows(value, media[kind].get("schema", True))

    def _shape(self, exchange: Exchange) -> str:
        content = exchange.body.reveal()
        if not content:
            return "empty"
        try:
            return shape_of(json.load(content), self._masks)
        except json.MalformedJSONError:
            kind = self._masks.text(essence(exchange.content_type)) or "no content type"
            return f"{len(content)} bytes, {kind}"

    def _client(
        self, exchange: Exchange, response: Mapping[str, Any] | None, body: list[Row]
    ) -> Row:
        error = exchange.error
        wrong = any(row.level is Level.DIFFERS and _is_checked(row) for row in body)
        if isinstance(error, InvalidResponseError):
            found = type(error).__name__
            if wrong:
                return Row("client", "", found, "it refused the answer", Level.NOTE)
            return Row("client", "", found, "it refused what is documented", Level.DIFFERS)
        if isinstance(error, APIStatusError):
            has_schema = response is not None and any(map(is_json, response.get("content") or {}))
            if has_schema and error.parsed is None and not wrong:
                remark = "it did not read what is documented"
                return Row("client", "", type(error).__name__, remark, Level.DIFFERS)
            return Row("client", "", type(error).__name__)
        if wrong:
            remark = "it took what is not documented"
            return Row("client", "", "read", remark, Level.DIFFERS)
        places = [*self._lost(exchange)]
        if places:
            remark = f"it lost {self._masks.text(', '.join(places), 200)}"
            return Row("client", "", "read", remark, Level.DIFFERS)
        return Row("client", "", "read")

    def _lost(self, exchange: Exchange) -> Iterator[str]:
        try:
            sent = json.load(exchange.body.reveal())
        except json.MalformedJSONError:
            return
        for parsed in exchange.parsed:
            if parsed is not None:
                yield from lost(sent, encode.json_value(parsed))


def _says_what_went_wrong(row: Row) -> bool:
    return row.place in {f"$.{name}" for name in SERVICE.error_fields}


def _is_checked(row: Row) -> bool:
    """Whether the client is to refuse an answer that differs so; more is kept, not refused."""
    return row.documented not in {"none", "nothing"} and not row.documented.startswith("rule ")
