"""Faults: their types, which of them are set, and which are active for a request."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from math import inf
from random import Random
from typing import Any, ClassVar, Literal, NamedTuple, Self, TypeAlias, cast

from ._clock import make_lock
from ._messages import Break, Delivery, FaultError, Outcome, RefusalError, plain
from ._schemas import is_array, is_object

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")


Bounds: TypeAlias = Mapping[str, tuple[float, float]]


class Exchange(NamedTuple):
    """A request that is to be answered, as a fault sees it."""

    serve: Callable[[], Outcome]  # what would happen without the fault; changes the state
    refuse: Callable[[RefusalError], Outcome]  # as the document refuses; changes nothing
    random: Random
    also_seen: Mapping[str, Any]  # fields that answers have beside the documented ones


class FaultType:
    """One type of fault. Its fields are its settings."""

    name: ClassVar[str]
    broken: ClassVar[Break | None] = None
    bounds: ClassVar[Bounds] = {}  # the least and the greatest value of a setting

    def __post_init__(self) -> None:
        _check_bounds(self, self.bounds)

    def apply(self, exchange: Exchange) -> Outcome:
        """Answer the request."""
        return _deliver(exchange.serve(), Delivery(broken=self.broken))


@dataclass(frozen=True)
class Latency(FaultType):
    """The answer comes late: by `seconds`, and up to `jitter` seconds more."""

    name = "latency"
    bounds = {"seconds": (0, inf), "jitter": (0, inf)}  # noqa: RUF012 - annotated in the base
    seconds: float = 1.0
    jitter: float = 0.0

    def apply(self, exchange: Exchange) -> Outcome:
        seconds = self.seconds + exchange.random.uniform(0, self.jitter)
        return delay(exchange.serve(), seconds)


@dataclass(frozen=True)
class RateLimited(FaultType):
    """429 with Retry-After (seconds, or an HTTP date); nothing is done."""

    name = "rate_limited"
    retry_after: int | str = 1

    def apply(self, exchange: Exchange) -> Outcome:
        headers = (("retry-after", str(self.retry_after)),)
        return exchange.refuse(RefusalError((429,), "Too many requests", headers))


@dataclass(frozen=True)
class FailingStatus(FaultType):
    """A 5xx. `processed`: the request was carried out all the same."""

    name = "server_error"
    bounds = {"status": (500, 599)}  # noqa: RUF012 - annotated in the base
    status: int = 503
    processed: bool = False

    def apply(self, exchange: Exchange) -> Outcome:
        if self.processed:
            exchange.serve()
        return self._refuse(exchange)

    def _refuse(self, exchange: Exchange) -> Outcome:
        return exchange.refuse(RefusalError((self.status,), "The mock was told to fail"))


@dataclass(frozen=True)
class UndocumentedStatus(FailingStatus):
    """A status that the document does not have, in plain text."""

    name = "undocumented_status"
    bounds = {"status": (200, 599)}  # noqa: RUF012 - annotated in the base
    status: int = 418

    def _refuse(self, exchange: Exchange) -> Outcome:
        del exchange  # the document has no such answer
        return Outcome(plain(self.status, "The mock was told to answer this."))


@dataclass(frozen=True)
class MalformedJson(FaultType):
    """The request is carried out; its answer is not JSON."""

    name = "malformed_json"

    def apply(self, exchange: Exchange) -> Outcome:
        return _change_body(exchange.serve(), lambda body: (body[:-1] or b"{") + b",}")


@dataclass(frozen=True)
class WrongType(FaultType):
    """The request is carried out; the value at `path` ($.id, $[0].id) is of another type."""

    name = "wrong_type"
    path: str = ""

    def __post_init__(self) -> None:
        _parse_path(self.path)

    def apply(self, exchange: Exchange) -> Outcome:
        return _change_body(exchange.serve(), self._change)

    def _change(self, body: bytes) -> bytes:
        *way, last = _parse_path(self.path)
        try:
            root = node = json.loads(body)
            for step in way:
                node = node[step]
            self._edit(node, last)
        except (LookupError, TypeError, ValueError):
            raise LookupError(self._missing()) from None
        return _dump(root)

    def _missing(self) -> str:
        return f"the answer has nothing at {self.path}"

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
    """The request is carried out; `path` ($.news, $[0].news) is added, undocumented.

    Without a path it is what `x-also-seen` of the document has, else a field "undocumented".
    """

    name = "extra_field"

    def __post_init__(self) -> None:
        if self.path:
            _parse_path(self.path)

    def apply(self, exchange: Exchange) -> Outcome:
        if self.path:
            return super().apply(exchange)
        more = exchange.also_seen or {"undocumented": "what no document has"}

        def extend(body: bytes) -> bytes:
            value = json.loads(body)
            for one in filter(is_object, value if is_array(value) else [value]):
                one.update({**more, **one})
            return _dump(value)

        return _change_body(exchange.serve(), extend)

    def _missing(self) -> str:
        return f"the answer has no room for a new field at {self.path}"

    def _edit(self, node: Any, step: Any) -> None:
        if not is_object(node) or step in node:
            raise LookupError
        node[step] = "what no document has"


@dataclass(frozen=True)
class DrippingBody(FaultType):
    """The body comes in pieces of `piece` bytes, with `seconds` between them."""

    name = "dripping_body"
    bounds = {"seconds": (0, inf), "piece": (1, inf)}  # noqa: RUF012 - annotated in the base
    seconds: float = 0.1
    piece: int = 1

    def apply(self, exchange: Exchange) -> Outcome:
        return _deliver(exchange.serve(), Delivery(drip=self.seconds, piece=self.piece))


def _breaking(name: str, broken: Break | None, about: str) -> type[FaultType]:
    """A type without settings: the connection breaks."""
    made = type(name, (FaultType,), {"name": name, "broken": broken, "__doc__": about})
    return dataclass(frozen=True)(made)


_PRE_READ = "reset_before_reading"  # the only one that strikes before a request is read
_DONE = "The request is carried out; "
_BREAKING = (
    _breaking(_PRE_READ, None, "The connection is reset when the head is there; nothing is done."),
    _breaking("truncated_body", Break.TRUNCATED, _DONE + "the connection ends in mid-body."),
    _breaking("reset_in_body", Break.RESET_IN_BODY, _DONE + "the connection is reset in mid-body."),
    _breaking("reset_after_reading", Break.RESET, _DONE + "the connection is reset unanswered."),
    _breaking("empty_reply", Break.EMPTY, _DONE + "the connection is closed unanswered."),
    _breaking("garbage_status_line", Break.GARBAGE, _DONE + "what comes back is not HTTP."),
)

FaultName: TypeAlias = Literal[
    "latency",
    "rate_limited",
    "server_error",
    "undocumented_status",
    "malformed_json",
    "wrong_type",
    "missing_field",
    "extra_field",
    "dripping_body",
    "reset_before_reading",
    "truncated_body",
    "reset_in_body",
    "reset_after_reading",
    "empty_reply",
    "garbage_status_line",
]
FAULT_TYPES: Mapping[str, type[FaultType]] = {
    one.name: one
    for one in (
        *(Latency, RateLimited, FailingStatus, UndocumentedStatus, MalformedJson, WrongType),
        *(MissingField, ExtraField, DrippingBody, *_BREAKING),
    )
}
FAULTS = cast("Mapping[FaultName, type[FaultType]]", FAULT_TYPES)


@dataclass(eq=False, repr=False)
class Fault:
    """A fault that is set. In a `with` block, it is taken away at the end of it.

    Attributes:
        number: Counts the faults of a mock from 1.
        name: Its type.
        operation: The operationId that it concerns; None for every operation.
        times: How often it strikes at most; None for as often as it can.
        after: How many requests it lets pass first.
        probability: How likely it strikes, from 0 to 1.
        settings: What its type was told.
        seen: The requests that it might have struck so far.
        struck: Those that it did.
    """

    _registry: FaultRegistry
    _type: FaultType
    _random: Random
    number: int
    operation: str | None
    settings: Mapping[str, Any]
    times: int | None = None
    after: int = 0
    probability: float = 1.0
    name: str = field(init=False)
    seen: int = field(default=0, init=False)
    struck: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.name = self._type.name
        _check_bounds(self, {"times": (1, inf), "after": (0, inf), "probability": (0, 1)})

    @property
    def is_delay(self) -> bool:
        """Whether it only makes an answer late."""
        return isinstance(self._type, Latency)

    def remove(self) -> None:
        """Take the fault away. May be called again."""
        self._registry.remove(self.number)

    def matches(self, operation: str) -> bool:
        """Count a request. Whether the fault strikes it, if nothing comes before."""
        if self.operation not in (None, operation):
            return False
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.struck >= self.times):
            return False
        return self.probability >= 1 or self._random.random() < self.probability

    def apply(
        self,
        serve: Callable[[], Outcome],
        refuse: Callable[[RefusalError], Outcome],
        also_seen: Mapping[str, Any],
    ) -> Outcome:
        """Answer a request that it strikes."""
        return self._type.apply(Exchange(serve, refuse, self._random, also_seen))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()

    def __repr__(self) -> str:
        where = self.operation or "every operation"
        return f"<Fault {self.number}: {self.name} of {where}, struck {self.struck} times>"


class FaultRegistry:
    """The faults of a mock. Every method may be called from any thread.

    Args:
        operations: The operationIds that faults may name.
        seed: What chance follows from: the same seed, faults and requests repeat.
    """

    def __init__(self, operations: Collection[str], seed: int) -> None:
        self._operations = operations
        self._seed = seed
        self._lock = make_lock()
        self._faults: dict[int, Fault] = {}
        self._count = 0

    def add(
        self, name: str, operation: str | None, settings: Mapping[str, Any], **limits: Any
    ) -> Fault:
        """Set a fault, or raise FaultError, whose text lists what is known."""
        fault_type = FAULT_TYPES.get(name)
        if fault_type is None:
            raise FaultError(_unknown("fault", name, FAULT_TYPES))
        known = [one.name for one in fields(fault_type)]  # type: ignore[arg-type]  # a dataclass
        for setting in settings.keys() - known:
            has = f"It has: {', '.join(known)}." if known else "It has none."
            raise FaultError(f"The fault {name} has no setting {setting!r}. {has}")
        self.check_operation(operation)
        with self._lock:
            number = self._count + 1
            random = Random(f"{self._seed}:{number}")  # noqa: S311 - chance, not secrecy
            try:
                told = (fault_type(**settings), random, number, operation, dict(settings))
                fault = self._faults[number] = Fault(self, *told, **limits)
            except (TypeError, ValueError) as error:
                raise FaultError(f"The fault {name}: {error}.") from None
            self._count = number
            return fault

    def check_operation(self, operation: str | None) -> None:
        """Raise FaultError, which lists those that are there, unless an operation is; or None."""
        if operation is not None and operation not in self._operations:
            raise FaultError(_unknown("operation", operation, self._operations))

    def remove(self, number: int) -> None:
        """Take a fault away, if it is there."""
        with self._lock:
            self._faults.pop(number, None)

    def clear(self) -> None:
        """Take all faults away, and count from 1 again."""
        with self._lock:
            self._faults.clear()
            self._count = 0

    def list(self) -> tuple[Fault, ...]:
        """The faults that are set, in the order in which they were."""
        with self._lock:
            return tuple(self._faults.values())

    def has_pre_read(self) -> bool:
        """Whether a fault is set that strikes before a request is read."""
        return bool(self._faults) and any(fault.name == _PRE_READ for fault in self.list())

    def select(self, operation: str, *, pre_read: bool = False) -> tuple[Fault, ...]:
        """The faults that strike a request: every delay, and one fault of another type.

        `pre_read` asks for those that strike before a request is read, and only for those.
        """
        active: list[Fault] = []
        with self._lock:
            for fault in self._faults.values():
                if (fault.name == _PRE_READ) is not pre_read or not fault.matches(operation):
                    continue
                if fault.is_delay or all(one.is_delay for one in active):
                    fault.struck += 1
                    active.append(fault)
        return tuple(active)


def delay(outcome: Outcome, seconds: float) -> Outcome:
    """The same answer, that much later than it would have been."""
    delivery = outcome.answer.delivery or Delivery()
    return _deliver(outcome, delivery._replace(delay=delivery.delay + seconds))


def _deliver(outcome: Outcome, delivery: Delivery) -> Outcome:
    return outcome._replace(answer=outcome.answer._replace(delivery=delivery))


def _change_body(outcome: Outcome, change: Callable[[bytes], bytes]) -> Outcome:
    try:
        body = change(outcome.answer.content)
    except (LookupError, ValueError) as error:
        text = f"The mock cannot do what its fault says: {error.args[0]}"
        return Outcome(plain(500, text), answer_problem=text)
    return outcome._replace(answer=outcome.answer._replace(body=body))


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _parse_path(path: str) -> list[str | int]:
    """The steps of a JSON path such as `$.id` or `$[0].id`."""
    rest = path.removeprefix("$")
    rest = rest if rest[:1] in (".", "[", "") else f".{rest}"
    if not rest or _STEP.sub("", rest):
        raise ValueError(f"path is a place in the answer, such as $.id or $[0].id, not {path!r}")
    return [int(index) if index else name for name, index in _STEP.findall(rest)]


def _check_bounds(owner: object, bounds: Bounds) -> None:
    for name, (least, most) in bounds.items():
        value = getattr(owner, name)
        if value is not None and not least <= value <= most:
            to = "" if most == inf else f" to {most}"
            raise ValueError(f"{name} is a number from {least}{to}, not {value!r}")


def _unknown(what: str, given: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(str(given), names, 1)
    hint = f" Is it {close[0]!r} that you mean?" if close else ""
    return f"There is no {what} {given!r}.{hint} There are: {', '.join(names)}."
