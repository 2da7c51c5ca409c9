# Edited in overrides/package/mock/_fault_types.py, from where `make generate` copies it.
"""The types of faults: what each does to an exchange. Their fields are their settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar, NamedTuple

from ._messages import Break, Delivery, Outcome, RefusalError, plain
from ._values import is_object, parse_path

PRE_READ = "reset_before_reading"  # the only one that strikes before a request is read


class Exchange(NamedTuple):
    """A request that is to be answered, as a fault sees it."""

    serve: Callable[[], Outcome]  # what would happen without the fault; changes the state
    refuse: Callable[[RefusalError], Outcome]  # as the document refuses; changes nothing
    random: Random


class FaultType:
    """One type of fault."""

    name: ClassVar[str]
    broken: ClassVar[Break | None] = None

    def apply(self, exchange: Exchange) -> Outcome:
        """Answer the request."""
        return _deliver(exchange.serve(), Delivery(broken=self.broken))


@dataclass(frozen=True)
class Latency(FaultType):
    """The answer comes late: by `seconds`, and up to `jitter` seconds more."""

    name = "latency"
    seconds: float = 1.0
    jitter: float = 0.0

    def __post_init__(self) -> None:
        _check_least(0, seconds=self.seconds, jitter=self.jitter)

    def apply(self, exchange: Exchange) -> Outcome:
        """Answer, later."""
        seconds = self.seconds + exchange.random.uniform(0, self.jitter)
        return delay(exchange.serve(), seconds)


@dataclass(frozen=True)
class RateLimited(FaultType):
    """429 with Retry-After (seconds, or an HTTP date); nothing is done."""

    name = "rate_limited"
    retry_after: int | str = 1

    def apply(self, exchange: Exchange) -> Outcome:
        """Refuse."""
        headers = (("retry-after", str(self.retry_after)),)
        return exchange.refuse(RefusalError((429,), "Too many requests", headers))


@dataclass(frozen=True)
class FailingStatus(FaultType):
    """A 5xx. `processed`: the request was carried out all the same."""

    name = "server_error"
    status: int = 503
    processed: bool = False
    least: ClassVar[int] = 500

    def __post_init__(self) -> None:
        if not self.least <= self.status <= 599:  # the last status there is
            raise ValueError(f"status is from {self.least} to 599, not {self.status!r}")

    def apply(self, exchange: Exchange) -> Outcome:
        """Fail."""
        if self.processed:
            exchange.serve()
        return self._refuse(exchange)

    def _refuse(self, exchange: Exchange) -> Outcome:
        return exchange.refuse(RefusalError((self.status,), "The mock was told to fail"))


@dataclass(frozen=True)
class UndocumentedStatus(FailingStatus):
    """A status that the document does not have, in plain text."""

    name = "undocumented_status"
    status: int = 418
    least: ClassVar[int] = 200

    def _refuse(self, exchange: Exchange) -> Outcome:
        del exchange  # the document has no such answer
        return Outcome(plain(self.status, "The mock was told to answer this."))


@dataclass(frozen=True)
class MalformedJson(FaultType):
    """The request is carried out; its answer is not JSON."""

    name = "malformed_json"

    def apply(self, exchange: Exchange) -> Outcome:
        """Break the body."""
        return _change_body(exchange.serve(), lambda body: (body[:-1] or b"{") + b",}")


@dataclass(frozen=True)
class WrongType(FaultType):
    """The request is carried out; the value at `path` ($.id, $[0].id) is of another type."""

    name = "wrong_type"
    path: str = ""

    def __post_init__(self) -> None:
        parse_path(self.path)

    def apply(self, exchange: Exchange) -> Outcome:
        """Change the body."""
        return _change_body(exchange.serve(), lambda body: _edit(body, self.path, self._edit))

    def _edit(self, node: Any, step: Any) -> None:
        is_other = isinstance(node[step], (dict, bool))
        node[step] = [node[step]] if is_other else {"not": "what it was"}


@dataclass(frozen=True)
class MissingField(WrongType):
    """The request is carried out; what is at `path` ($.id, $[0].id) is left out."""

    name = "missing_field"

    def _edit(self, node: Any, step: Any) -> None:
        del node[step]


@dataclass(frozen=True)
class ExtraField(WrongType):
    """The request is carried out; `path` ($.news, $[0].news) is added, undocumented."""

    name = "extra_field"
    path: str = "$.undocumented"

    def _edit(self, node: Any, step: Any) -> None:
        if not is_object(node) or step in node:
            raise LookupError(f"the answer has no room for a new field at {self.path}")
        node[step] = "what no document has"


@dataclass(frozen=True)
class DrippingBody(FaultType):
    """The body comes in pieces of `piece` bytes, with `seconds` between them."""

    name = "dripping_body"
    seconds: float = 0.1
    piece: int = 1

    def __post_init__(self) -> None:
        _check_least(0, seconds=self.seconds)
        _check_least(1, piece=self.piece)

    def apply(self, exchange: Exchange) -> Outcome:
        """Answer slowly."""
        return _deliver(exchange.serve(), Delivery(drip=self.seconds, piece=self.piece))


def _breaking(name: str, broken: Break | None, about: str) -> type[FaultType]:
    """A type without settings: the connection breaks."""
    made = type(name, (FaultType,), {"name": name, "broken": broken, "__doc__": about})
    return dataclass(frozen=True)(made)


_DONE = "The request is carried out; "
_BREAKING = (
    _breaking(PRE_READ, None, "The connection is reset when the head is there; nothing is done."),
    _breaking("truncated_body", Break.TRUNCATED, _DONE + "the connection ends in mid-body."),
    _breaking("reset_in_body", Break.RESET_IN_BODY, _DONE + "the connection is reset in mid-body."),
    _breaking("reset_after_reading", Break.RESET, _DONE + "the connection is reset unanswered."),
    _breaking("empty_reply", Break.EMPTY, _DONE + "the connection is closed unanswered."),
    _breaking("garbage_status_line", Break.GARBAGE, _DONE + "what comes back is not HTTP."),
)

FAULT_TYPES: Mapping[str, type[FaultType]] = {
    one.name: one
    for one in (
        *(Latency, RateLimited, FailingStatus, UndocumentedStatus, MalformedJson, WrongType),
        *(MissingField, ExtraField, DrippingBody, *_BREAKING),
    )
}


def delay(outcome: Outcome, seconds: float) -> Outcome:
    """The same answer, that much later than it would have been."""
    delivery = outcome.answer.delivery or Delivery()
    return _deliver(outcome, delivery._replace(delay=delivery.delay + seconds))


def _deliver(outcome: Outcome, delivery: Delivery) -> Outcome:
    return outcome._replace(answer=outcome.answer._replace(delivery=delivery))


def _change_body(outcome: Outcome, change: Callable[[bytes], bytes]) -> Outcome:
    try:
        body = change(outcome.answer.content)
    except LookupError as error:
        text = f"The mock cannot do what its fault says: {error.args[0]}"
        return Outcome(plain(500, text), answer_problem=text)
    return outcome._replace(answer=outcome.answer._replace(body=body))


def _edit(body: bytes, path: str, edit: Callable[[Any, Any], None]) -> bytes:
    *way, last = parse_path(path)
    root: Any = None
    node: Any = None
    try:
        root = node = json.loads(body)
        for step in way:
            node = node[step]
    except (LookupError, TypeError, ValueError):
        node = None
    try:
        edit(node, last)
    except (KeyError, IndexError, TypeError):
        raise LookupError(f"the answer has nothing at {path}") from None
    return json.dumps(root, ensure_ascii=False, separators=(",", ":")).encode()


def _check_least(least: float, **settings: float) -> None:
    for name, value in settings.items():
        if not value >= least:
            raise ValueError(f"{name} is a number from {least}, not {value!r}")
