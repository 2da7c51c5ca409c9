# Edited in overrides/package/mock/_kinds.py, from where `make generate` copies it.
"""The kinds of faults: what each does to an exchange."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import ClassVar, NamedTuple

from ._core import Served
from ._damage import json_broken, json_changed, json_extended, steps_of
from ._messages import Cut, Delivery, RefusalError, plain

NO_ANSWER = 0  # the status of a request that was not even read


class Exchange(NamedTuple):
    """A request that is to be answered, as a fault sees it."""

    serve: Callable[[], Served]  # what would happen without the fault; changes the state
    refuse: Callable[[RefusalError], Served]  # as the document refuses; changes nothing
    random: Random


class Kind:
    """One kind of fault. Its settings are the fields of the subclass."""

    name: ClassVar[str]

    def apply(self, exchange: Exchange) -> Served:
        """Answer the request."""
        return exchange.serve()


@dataclass(frozen=True)
class Latency(Kind):
    """The answer comes late: by `seconds`, and up to `jitter` seconds more."""

    name = "latency"
    seconds: float = 1.0
    jitter: float = 0.0

    def __post_init__(self) -> None:
        _at_least(0, seconds=self.seconds, jitter=self.jitter)

    def apply(self, exchange: Exchange) -> Served:
        """Answer, later."""
        served = exchange.serve()
        return delayed(served, self.seconds + exchange.random.uniform(0, self.jitter))


@dataclass(frozen=True)
class RateLimited(Kind):
    """429 with Retry-After (seconds, or an HTTP date); nothing is done."""

    name = "rate_limited"
    retry_after: int | str = 1

    def apply(self, exchange: Exchange) -> Served:
        """Refuse."""
        headers = (("retry-after", str(self.retry_after)),)
        return exchange.refuse(RefusalError((429,), "Too many requests", headers))


@dataclass(frozen=True)
class ServerError(Kind):
    """A 5xx. `processed`: the request was carried out all the same."""

    name = "server_error"
    status: int = 503
    processed: bool = False

    def __post_init__(self) -> None:
        _within(500, 599, self.status)

    def apply(self, exchange: Exchange) -> Served:
        """Fail."""
        if self.processed:
            exchange.serve()
        return exchange.refuse(RefusalError((self.status,), "The mock was told to fail"))


@dataclass(frozen=True)
class UndocumentedStatus(Kind):
    """A status that the document does not have, in plain text."""

    name = "undocumented_status"
    status: int = 418
    processed: bool = False

    def __post_init__(self) -> None:
        _within(200, 599, self.status)

    def apply(self, exchange: Exchange) -> Served:
        """Answer something else."""
        if self.processed:
            exchange.serve()
        return Served(plain(self.status, "The mock was told to answer this."))


@dataclass(frozen=True)
class MalformedJson(Kind):
    """The request is carried out; its answer is not JSON."""

    name = "malformed_json"

    def apply(self, exchange: Exchange) -> Served:
        """Break the body."""
        return _with_body(exchange.serve(), json_broken)


@dataclass(frozen=True)
class WrongType(Kind):
    """The request is carried out; the value at `path` ($.id, $[0].id) is of another type."""

    name = "wrong_type"
    path: str = ""

    def __post_init__(self) -> None:
        steps_of(self.path)

    def apply(self, exchange: Exchange) -> Served:
        """Change the body."""
        return _with_body(exchange.serve(), lambda body: json_changed(body, self.path, drop=False))


@dataclass(frozen=True)
class MissingField(Kind):
    """The request is carried out; what is at `path` ($.id, $[0].id) is left out."""

    name = "missing_field"
    path: str = ""

    def __post_init__(self) -> None:
        steps_of(self.path)

    def apply(self, exchange: Exchange) -> Served:
        """Change the body."""
        return _with_body(exchange.serve(), lambda body: json_changed(body, self.path, drop=True))


@dataclass(frozen=True)
class ExtraField(Kind):
    """The request is carried out; `path` ($.news, $[0].news) is added, undocumented."""

    name = "extra_field"
    path: str = "$.undocumented"

    def __post_init__(self) -> None:
        steps_of(self.path)

    def apply(self, exchange: Exchange) -> Served:
        """Change the body."""
        return _with_body(exchange.serve(), lambda body: json_extended(body, self.path))


@dataclass(frozen=True)
class DrippingBody(Kind):
    """The body comes in pieces of `piece` bytes, with `seconds` between them."""

    name = "dripping_body"
    seconds: float = 0.1
    piece: int = 1

    def __post_init__(self) -> None:
        _at_least(0, seconds=self.seconds)
        _at_least(1, piece=self.piece)

    def apply(self, exchange: Exchange) -> Served:
        """Answer slowly."""
        return _delivered(exchange.serve(), Delivery(drip=self.seconds, piece=self.piece))


@dataclass(frozen=True)
class ResetBeforeReading(Kind):
    """The connection is reset when the head is there: no body is read, nothing is done."""

    name = "reset_before_reading"


@dataclass(frozen=True)
class _Broken(Kind):
    cut: ClassVar[Cut]

    def apply(self, exchange: Exchange) -> Served:
        """Break the connection."""
        return _delivered(exchange.serve(), Delivery(cut=self.cut))


@dataclass(frozen=True)
class TruncatedBody(_Broken):
    """The request is carried out; the connection ends in the middle of the body."""

    name = "truncated_body"
    cut = Cut.TRUNCATED


@dataclass(frozen=True)
class ResetInBody(_Broken):
    """The request is carried out; the connection is reset in the middle of the body."""

    name = "reset_in_body"
    cut = Cut.RESET_IN_BODY


@dataclass(frozen=True)
class ResetAfterReading(_Broken):
    """The request is carried out; the connection is reset before the answer."""

    name = "reset_after_reading"
    cut = Cut.RESET


@dataclass(frozen=True)
class EmptyReply(_Broken):
    """The request is carried out; the connection is closed without an answer."""

    name = "empty_reply"
    cut = Cut.EMPTY


@dataclass(frozen=True)
class GarbageStatusLine(_Broken):
    """The request is carried out; what comes back is not HTTP."""

    name = "garbage_status_line"
    cut = Cut.GARBAGE


KINDS: Mapping[str, type[Kind]] = {
    kind.name: kind
    for kind in (
        Latency,
        RateLimited,
        ServerError,
        UndocumentedStatus,
        MalformedJson,
        WrongType,
        MissingField,
        TruncatedBody,
        ExtraField,
        DrippingBody,
        ResetBeforeReading,
        ResetAfterReading,
        ResetInBody,
        EmptyReply,
        GarbageStatusLine,
    )
}


def delayed(served: Served, seconds: float) -> Served:
    """The same answer, that much later than it would have been."""
    delivery = served.answer.delivery or Delivery()
    return _delivered(served, delivery._replace(delay=delivery.delay + seconds))


def _delivered(served: Served, delivery: Delivery) -> Served:
    return served._replace(answer=served.answer._replace(delivery=delivery))


def _with_body(served: Served, change: Callable[[bytes], bytes]) -> Served:
    try:
        body = change(served.answer.content)
    except LookupError as error:
        text = f"The mock cannot do what its fault says: {error.args[0]}"
        return Served(plain(500, text), answer_problem=text)
    return served._replace(answer=served.answer._replace(body=body))


def _at_least(least: float, **settings: float) -> None:
    for name, value in settings.items():
        if not value >= least:
            raise ValueError(f"{name} is a number from {least}, not {value!r}")


def _within(least: int, most: int, status: int) -> None:
    if not least <= status <= most:
        raise ValueError(f"status is from {least} to {most}, not {status!r}")
