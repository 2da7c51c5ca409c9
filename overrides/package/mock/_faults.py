"""Faults: their types, and those that are set."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from operator import delitem, getitem
from random import Random
from typing import Annotated, Any, Literal, TypeAlias, cast, get_args

from ._clock import LOCK
from ._messages import Answer, Break, FaultError, RefusalError, plain
from ._schemas import describe_arguments, find_wrong_argument, is_array, is_object

EARLY = "reset_before_reading"  # strikes before the request is read
_NEWS = "what no document has"


@dataclass(frozen=True)
class Exchange:
    """A request that is to be answered, as a fault sees it."""

    serve: Callable[[], Answer]  # what would happen without the fault; changes the state
    refuse: Callable[[RefusalError], Answer]  # as the document refuses; changes nothing
    also_seen: Mapping[str, Any]  # fields that answers have beside the documented ones
    random: Random = field(default_factory=Random)


# A type of fault answers a request. Its keywords are its settings, its docstring is for people.
FaultType: TypeAlias = Callable[..., Answer]
_Seconds: TypeAlias = Annotated[float, {"minimum": 0}]
_Bytes: TypeAlias = Annotated[int, {"minimum": 1}]
_Status: TypeAlias = Annotated[int, {"minimum": 200, "maximum": 599}]
_Error: TypeAlias = Annotated[int, {"minimum": 500, "maximum": 599}]
_STEPS = r"^\$?(\.?[^$.\[\]][^.\[\]]*|\[\d+\])(\.[^.\[\]]+|\[\d+\])*$"
_Path: TypeAlias = Annotated[str, {"pattern": _STEPS}]


def latency(exchange: Exchange, seconds: _Seconds = 1.0, jitter: _Seconds = 0.0) -> Answer:
    """The answer comes late: by `seconds`, and up to `jitter` seconds more."""
    answer = exchange.serve()
    return answer._replace(delay=answer.delay + seconds + exchange.random.uniform(0, jitter))


def rate_limited(exchange: Exchange, retry_after: int | str = 1) -> Answer:
    """429 with Retry-After (seconds, or an HTTP date); nothing is done."""
    headers = (("retry-after", str(retry_after)),)
    return exchange.refuse(RefusalError("Too many requests", (429,), headers))


def server_error(exchange: Exchange, status: _Error = 503, *, processed: bool = False) -> Answer:
    """A 5xx. `processed`: the request was carried out all the same."""
    if processed:
        exchange.serve()
    return exchange.refuse(RefusalError("The mock was told to fail", (status,)))


def undocumented_status(
    exchange: Exchange, status: _Status = 418, *, processed: bool = False
) -> Answer:
    """A status that the document does not have, in plain text."""
    if processed:
        exchange.serve()
    return plain(status, "The mock was told to answer this.")


def malformed_json(exchange: Exchange) -> Answer:
    """The request is carried out; its answer is not JSON."""
    answer = exchange.serve()
    return answer._replace(body=(answer.content[:-1] or b"{") + b",}")


def wrong_type(exchange: Exchange, path: _Path) -> Answer:
    """The request is carried out; the value at `path` ($.id, $[0].id) is of another type."""

    def edit(root: Any) -> None:
        node, step = _find(root, path)
        is_other = isinstance(node[step], (dict, bool))
        node[step] = [node[step]] if is_other else {"not": "what it was"}

    return _edit(exchange, edit, f"nothing at {path}")


def missing_field(exchange: Exchange, path: _Path) -> Answer:
    """The request is carried out; what is at `path` ($.id, $[0].id) is left out."""
    return _edit(exchange, lambda root: delitem(*_find(root, path)), f"nothing at {path}")


def extra_field(
    exchange: Exchange, path: Annotated[str | None, {"pattern": _STEPS}] = None
) -> Answer:
    """The request is carried out; `path` ($.news, $[0].news) is added, undocumented.

    Without a path it is what `x-also-seen` of the document has, else a field "undocumented".
    """
    more = exchange.also_seen or {"undocumented": _NEWS}

    def edit(root: Any) -> None:
        if path is None:
            for one in filter(is_object, root if is_array(root) else [root]):
                one.update({**more, **one})
            return
        node, step = _find(root, path)
        if not is_object(node) or step in node:
            raise LookupError
        node[step] = _NEWS

    return _edit(exchange, edit, f"no room for a new field at {path or '$'}")


def dripping_body(exchange: Exchange, seconds: _Seconds = 0.1, piece: _Bytes = 1) -> Answer:
    """The body comes in pieces of `piece` bytes, with `seconds` between them."""
    return exchange.serve()._replace(drip=seconds, piece=piece)


def reset_before_reading(_: Exchange) -> Answer:
    """The connection is reset at the head; nothing is done."""
    return Answer(0, [], b"", broken=Break.RESET)


def _break(broken: Break) -> FaultType:
    """A type of fault that breaks the connection."""

    def answer(exchange: Exchange) -> Answer:
        return exchange.serve()._replace(broken=broken)

    answer.__doc__ = f"The request is carried out; the connection is {broken.value}."
    return answer


truncated_body = _break(Break.TRUNCATED)
reset_in_body = _break(Break.RESET_IN_BODY)
reset_after_reading = _break(Break.RESET)
empty_reply = _break(Break.EMPTY)
garbage_status_line = _break(Break.GARBAGE)

_Late: TypeAlias = Literal["latency", "dripping_body"]
_Refused: TypeAlias = Literal["rate_limited", "server_error", "undocumented_status"]
_Edited: TypeAlias = Literal["malformed_json", "wrong_type", "missing_field", "extra_field"]
_Reset: TypeAlias = Literal["reset_before_reading", "reset_after_reading", "reset_in_body"]
_Closed: TypeAlias = Literal["truncated_body", "empty_reply", "garbage_status_line"]
FaultName: TypeAlias = Literal[_Late, _Refused, _Edited, _Reset, _Closed]
FAULTS: Mapping[FaultName, FaultType] = {name: globals()[name] for name in get_args(FaultName)}
FAULT_TYPES = cast("Mapping[str, FaultType]", FAULTS)
_LIMITS: Mapping[str, Any] = {  # when a fault strikes; see `Fault`
    "times": {"type": ["integer", "null"], "minimum": 1, "default": None},
    "after": {"type": ["integer"], "minimum": 0, "default": 0},
    "probability": {"type": ["number"], "minimum": 0, "maximum": 1, "default": 1.0},
}


@dataclass(eq=False)
class Fault(AbstractContextManager["Fault"]):
    """A fault that is set. In a `with` block, it is taken away at the end of it."""

    _all: list[Fault] = field(repr=False)  # that are set
    random: Random = field(repr=False)
    number: int  #: Counts the faults of a mock from 1.
    name: str  #: Its type.
    operation: str | None  #: The operationId that it concerns; None for every operation.
    settings: Mapping[str, Any]  #: What its type was told.
    times: int | None  #: How often it strikes at most; None for as often as it can.
    after: int  #: How many requests it lets pass first.
    probability: float  #: How likely it strikes, from 0 to 1.
    seen: int = field(default=0, init=False)  #: The requests that it might have struck so far.
    struck: int = field(default=0, init=False)  #: Those that it did.

    def remove(self) -> None:
        """Take the fault away. May be called again."""
        with suppress(ValueError):
            self._all.remove(self)

    def matches(self, operation: str | None) -> bool:
        """Count a request. Whether the fault strikes it, if nothing comes before."""
        if operation is None or self.operation not in (None, operation):
            return False
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.struck >= self.times):
            return False
        return self.probability >= 1 or self.random.random() < self.probability

    def __exit__(self, *error: object) -> None:
        self.remove()


def select_faults(faults: Iterable[Fault], operation: str | None) -> list[Fault]:
    """Those that strike a request: one before it is read; else one, and every delay."""
    with LOCK:
        found = [fault for fault in faults if fault.matches(operation)]
        early = [fault for fault in found if fault.name == EARLY]
        delays = [fault for fault in found if fault.name == "latency"]
        others = [fault for fault in found if fault.name not in (EARLY, "latency")]
        active = early[:1] or [*others[:1], *delays]
        for fault in active:
            fault.struck += 1
    return active


def apply_faults(faults: Iterable[Fault], exchange: Exchange) -> Answer:
    """Answer a request that faults strike. Delays are last: whatever happens, it happens late."""
    for fault in faults:
        exchange = replace(exchange, random=fault.random)
        serve = partial(FAULT_TYPES[fault.name], exchange, **fault.settings)
        exchange = replace(exchange, serve=serve)
    return exchange.serve()


def describe_fault(name: str) -> dict[str, Any]:
    """The schema of an order for a type of fault; a FaultError where there is none."""
    check_name("fault", name, FAULT_TYPES)
    own = describe_arguments(FAULT_TYPES[name])
    more = {"operation": {"type": ["string", "null"]}, "fault": {"const": name}}
    return own | {
        "title": name,
        "description": FAULT_TYPES[name].__doc__,
        "properties": {**own["properties"], **_LIMITS, **more},
        "required": ["fault", *own["required"]],
    }


def check_fault(order: Mapping[str, Any], operations: Iterable[str]) -> None:
    """Raise FaultError, whose text says what would do, where a fault cannot be set so."""
    schema = describe_fault(order.get("fault", ""))
    if problem := find_wrong_argument(order, schema):
        about = str(schema["description"]).partition("\n")[0]
        raise FaultError(f"The fault {order['fault']}: {problem}. {about}")
    if order.get("operation") is not None:
        check_name("operation", order["operation"], operations)


def check_name(kind: str, given: Any, known: Iterable[str]) -> None:
    """Raise FaultError, whose text says what there is, where there is nothing of that name."""
    names = sorted(known)
    if given not in names:
        close = difflib.get_close_matches(str(given), names, 1)
        hint = f" Is it {close[0]!r} that you mean?" if close else ""
        raise FaultError(f"There is no {kind} {given!r}.{hint} There are: {', '.join(names)}.")


def _edit(exchange: Exchange, edit: Callable[[Any], None], lack: str) -> Answer:
    """The answer with its JSON value edited, or a 500 that says what it lacks for that."""
    answer = exchange.serve()
    try:
        value = json.loads(answer.content)
        edit(value)
    except (LookupError, TypeError, ValueError):
        text = f"The mock cannot do what its fault says: the answer has {lack}"
        return plain(500, text)._replace(answer_problem=text)
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return answer._replace(body=body)


def _find(root: Any, path: str) -> tuple[Any, Any]:
    """The object or array that holds what is at a path such as `$[0].id`, and its key."""
    steps = re.findall(r"\[(\d+)\]|([^.\[\]]+)", path.removeprefix("$"))
    *way, last = (int(index) if index else name for index, name in steps)
    return reduce(getitem, way, root), last
