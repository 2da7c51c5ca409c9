"""Faults: their types, which of them are set, and which are active for a request."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from inspect import signature
from math import inf
from operator import delitem, getitem
from random import Random
from typing import Annotated, Any, Literal, Self, TypeAlias, cast, get_type_hints

from ._clock import make_lock
from ._messages import Break, FaultError, Outcome, RefusalError, plain
from ._schemas import is_array, is_object

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_NEWS = "what no document has"


@dataclass(frozen=True)
class Exchange:
    """A request that is to be answered, as a fault sees it."""

    serve: Callable[[], Outcome]  # what would happen without the fault; changes the state
    refuse: Callable[[RefusalError], Outcome]  # as the document refuses; changes nothing
    also_seen: Mapping[str, Any]  # fields that answers have beside the documented ones
    random: Random


@dataclass(frozen=True)
class Range:
    """The least and the greatest value of a setting."""

    least: float
    most: float = inf

    def check(self, name: str, value: Any) -> None:
        """Raise ValueError where a value is out of it."""
        if not self.least <= value <= self.most:
            to = "" if self.most == inf else f" to {self.most}"
            raise ValueError(f"{name} is a number from {self.least}{to}, not {value!r}")


# A type of fault answers a request. Its keywords are its settings, its docstring is for people.
FaultType: TypeAlias = Callable[..., Outcome]
_Seconds: TypeAlias = Annotated[float, Range(0)]


def latency(exchange: Exchange, seconds: _Seconds = 1.0, jitter: _Seconds = 0.0) -> Outcome:
    """The answer comes late: by `seconds`, and up to `jitter` seconds more."""
    return delay(exchange.serve(), seconds + exchange.random.uniform(0, jitter))


def rate_limited(exchange: Exchange, retry_after: int | str = 1) -> Outcome:
    """429 with Retry-After (seconds, or an HTTP date); nothing is done."""
    headers = (("retry-after", str(retry_after)),)
    return exchange.refuse(RefusalError((429,), "Too many requests", headers))


def server_error(
    exchange: Exchange, status: Annotated[int, Range(500, 599)] = 503, *, processed: bool = False
) -> Outcome:
    """A 5xx. `processed`: the request was carried out all the same."""
    if processed:
        exchange.serve()
    return exchange.refuse(RefusalError((status,), "The mock was told to fail"))


def undocumented_status(
    exchange: Exchange, status: Annotated[int, Range(200, 599)] = 418, *, processed: bool = False
) -> Outcome:
    """A status that the document does not have, in plain text."""
    if processed:
        exchange.serve()
    return Outcome(plain(status, "The mock was told to answer this."))


def malformed_json(exchange: Exchange) -> Outcome:
    """The request is carried out; its answer is not JSON."""
    outcome = exchange.serve()
    body = (outcome.answer.content[:-1] or b"{") + b",}"
    return outcome._replace(answer=outcome.answer._replace(body=body))


def wrong_type(exchange: Exchange, path: str = "") -> Outcome:
    """The request is carried out; the value at `path` ($.id, $[0].id) is of another type."""

    def edit(node: Any, step: Any) -> None:
        is_other = isinstance(node[step], (dict, bool))
        node[step] = [node[step]] if is_other else {"not": "what it was"}

    return _edit_at(exchange, path, edit, "has nothing at")


def missing_field(exchange: Exchange, path: str = "") -> Outcome:
    """The request is carried out; what is at `path` ($.id, $[0].id) is left out."""
    return _edit_at(exchange, path, delitem, "has nothing at")


def extra_field(exchange: Exchange, path: str | None = None) -> Outcome:
    """The request is carried out; `path` ($.news, $[0].news) is added, undocumented.

    Without a path it is what `x-also-seen` of the document has, else a field "undocumented".
    """
    if path is None:
        more = exchange.also_seen or {"undocumented": _NEWS}

        def extend(value: Any) -> None:
            for one in filter(is_object, value if is_array(value) else [value]):
                one.update({**more, **one})

        return _edit(exchange, extend, "is no JSON")

    def edit(node: Any, step: Any) -> None:
        if not is_object(node) or step in node:
            raise LookupError
        node[step] = _NEWS

    return _edit_at(exchange, path, edit, "has no room for a new field at")


def dripping_body(
    exchange: Exchange, seconds: _Seconds = 0.1, piece: Annotated[int, Range(1)] = 1
) -> Outcome:
    """The body comes in pieces of `piece` bytes, with `seconds` between them."""
    return _deliver(exchange.serve(), drip=seconds, piece=piece)


def _breaking(name: str, broken: Break | None, about: str) -> FaultType:
    """A type without settings: the connection breaks."""

    def apply(exchange: Exchange) -> Outcome:
        return _deliver(exchange.serve(), broken=broken)

    apply.__name__, apply.__doc__ = name, about
    return apply


PRE_READ = "reset_before_reading"  # the only one that strikes before a request is read
_DONE = "The request is carried out; "
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
FAULT_TYPES: Mapping[str, FaultType] = {
    one.__name__: one
    for one in (
        *(latency, rate_limited, server_error, undocumented_status, malformed_json, wrong_type),
        *(missing_field, extra_field, dripping_body),
        _breaking(PRE_READ, None, "The connection is reset at the head; nothing is done."),
        _breaking("truncated_body", Break.TRUNCATED, _DONE + "the connection ends in mid-body."),
        _breaking("reset_in_body", Break.RESET_IN_BODY, _DONE + "a reset in mid-body."),
        _breaking("reset_after_reading", Break.RESET, _DONE + "a reset without an answer."),
        _breaking("empty_reply", Break.EMPTY, _DONE + "the connection is closed unanswered."),
        _breaking("garbage_status_line", Break.GARBAGE, _DONE + "what comes back is not HTTP."),
    )
}
FAULTS = cast("Mapping[FaultName, FaultType]", FAULT_TYPES)


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
    random: Random
    number: int
    name: str
    operation: str | None
    settings: Mapping[str, Any]
    times: Annotated[int | None, Range(1)] = None
    after: Annotated[int, Range(0)] = 0
    probability: Annotated[float, Range(0, 1)] = 1.0
    seen: int = field(default=0, init=False)
    struck: int = field(default=0, init=False)

    @property
    def is_delay(self) -> bool:
        """Whether it only makes an answer late."""
        return self.name == "latency"

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
        return self.probability >= 1 or self.random.random() < self.probability

    def apply(self, exchange: Exchange) -> Outcome:
        """Answer a request that it strikes."""
        return FAULT_TYPES[self.name](exchange, **self.settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()

    def __repr__(self) -> str:
        where = self.operation or "every operation"
        return f"<Fault {self.number}: {self.name} of {where}, struck {self.struck} times>"


class FaultRegistry:
    """The faults of a mock. Every method may be called from any thread."""

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
        arguments = signature(fault_type)
        _, *known = arguments.parameters
        for setting in settings.keys() - known:
            has = f"It has: {', '.join(known)}." if known else "It has none."
            raise FaultError(f"The fault {name} has no setting {setting!r}. {has}")
        self.check_operation(operation)
        with self._lock:
            number = self._count + 1
            random = Random(f"{self._seed}:{number}")  # noqa: S311 - chance, not secrecy
            fault = Fault(self, random, number, name, operation, dict(settings), **limits)
            bound = arguments.bind(None, **settings)
            bound.apply_defaults()
            try:
                _check_ranges(bound.arguments, fault_type)
                _check_ranges(vars(fault), Fault)
                if bound.arguments.get("path") is not None:
                    _parse_path(str(bound.arguments["path"]))
            except (TypeError, ValueError) as error:
                raise FaultError(f"The fault {name}: {error}.") from None
            self._faults[number], self._count = fault, number
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

    def select(self, operation: str, *, pre_read: bool = False) -> tuple[Fault, ...]:
        """The faults that strike a request: every delay, and one fault of another type.

        `pre_read` asks for those that strike before a request is read, and only for those.
        """
        active: list[Fault] = []
        with self._lock:
            for fault in self._faults.values():
                if (fault.name == PRE_READ) is not pre_read or not fault.matches(operation):
                    continue
                if fault.is_delay or all(one.is_delay for one in active):
                    fault.struck += 1
                    active.append(fault)
        return tuple(active)


def delay(outcome: Outcome, seconds: float) -> Outcome:
    """The same answer, that much later than it would have been."""
    return _deliver(outcome, delay=outcome.answer.delivery.delay + seconds)


def _deliver(outcome: Outcome, **changes: Any) -> Outcome:
    delivery = outcome.answer.delivery._replace(**changes)
    return outcome._replace(answer=outcome.answer._replace(delivery=delivery))


def _edit(exchange: Exchange, edit: Callable[[Any], None], otherwise: str) -> Outcome:
    """The answer with its JSON value edited, or a 500 that says what kept it from that."""
    outcome = exchange.serve()
    try:
        value = json.loads(outcome.answer.content)
        edit(value)
    except (LookupError, TypeError, ValueError):
        text = f"The mock cannot do what its fault says: the answer {otherwise}"
        return Outcome(plain(500, text), answer_problem=text)
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return outcome._replace(answer=outcome.answer._replace(body=body))


def _edit_at(
    exchange: Exchange, path: str, edit: Callable[[Any, Any], None], otherwise: str
) -> Outcome:
    """The same; `edit` takes the object or array that holds what is at the path, and its key."""
    *way, last = _parse_path(path)
    return _edit(
        exchange, lambda root: edit(reduce(getitem, way, root), last), f"{otherwise} {path}"
    )


def _parse_path(path: str) -> list[str | int]:
    """The steps of a JSON path such as `$.id` or `$[0].id`."""
    rest = path.removeprefix("$")
    rest = rest if rest[:1] in (".", "[", "") else f".{rest}"
    if not rest or _STEP.sub("", rest):
        raise ValueError(f"path is a place in the answer, such as $.id or $[0].id, not {path!r}")
    return [int(index) if index else name for name, index in _STEP.findall(rest)]


def _check_ranges(values: Mapping[str, Any], owner: object) -> None:
    """Raise ValueError where a value is out of the range that a function or class has for it."""
    for name, hint in get_type_hints(owner, include_extras=True).items():
        for one in getattr(hint, "__metadata__", ()):
            if values[name] is not None:
                one.check(name, values[name])


def _unknown(what: str, given: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(str(given), names, 1)
    hint = f" Is it {close[0]!r} that you mean?" if close else ""
    return f"There is no {what} {given!r}.{hint} There are: {', '.join(names)}."
