# Edited in overrides/package/mock/_faults.py, from where `make generate` copies it.
"""Which faults are set, and which of them are active for a request."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from random import Random
from types import TracebackType
from typing import Any, NamedTuple, Self

from ._clock import make_lock
from ._errors import FaultError
from ._fault_types import FAULT_TYPES, PRE_READ, FaultType, Latency


class ActiveFault(NamedTuple):
    """A fault that strikes a request."""

    type: FaultType
    random: Random


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

    def __init__(
        self,
        registry: FaultRegistry,
        number: int,
        fault_type: FaultType,
        random: Random,
        operation: str | None,
        *,
        times: int | None,
        after: int,
        probability: float,
        settings: Mapping[str, Any],
    ) -> None:
        if times is not None and times < 1:
            raise FaultError(f"times is a number from 1, or None, not {times!r}")
        if after < 0:
            raise FaultError(f"after is a number from 0, not {after!r}")
        if not 0 <= probability <= 1:
            raise FaultError(f"probability is a number from 0 to 1, not {probability!r}")
        self._registry = registry
        self._active = ActiveFault(fault_type, random)
        self.number = number
        self.name = fault_type.name
        self.operation = operation
        self.times = times
        self.after = after
        self.probability = probability
        self.settings = dict(settings)
        self.seen = 0
        self.struck = 0

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
        return self.probability >= 1 or self._active.random.random() < self.probability

    def strike(self) -> ActiveFault:
        """Count that it struck."""
        self.struck += 1
        return self._active

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
        """Set a fault.

        Raises:
            FaultError: The name, the operation or a setting is not known. The text lists those
                that are.
        """
        fault_type = _make_type(name, settings)
        self.check_operation(operation)
        with self._lock:
            number = self._count + 1
            random = Random(f"{self._seed}:{number}")  # noqa: S311 - chance, not secrecy
            fault = Fault(self, number, fault_type, random, operation, settings=settings, **limits)
            self._faults[number] = fault
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
        return bool(self._faults) and any(fault.name == PRE_READ for fault in self.list())

    def select(self, operation: str, *, pre_read: bool) -> tuple[ActiveFault, ...]:
        """The faults that strike a request: every delay, and one fault of another type.

        `pre_read` asks for those that strike before a request is read, and only for those.
        """
        if not self._faults:
            return ()
        active: list[ActiveFault] = []
        with self._lock:
            broken = False
            for fault in self._faults.values():
                is_pre_read = fault.name == PRE_READ
                if is_pre_read is not pre_read or not fault.matches(operation):
                    continue
                is_delay = fault.name == Latency.name
                if is_delay or not broken:
                    broken = broken or not is_delay
                    active.append(fault.strike())
        return tuple(active)


def _make_type(name: str, settings: Mapping[str, Any]) -> FaultType:
    fault_type = FAULT_TYPES.get(name)
    if fault_type is None:
        raise FaultError(_unknown("fault", name, FAULT_TYPES))
    known = [field.name for field in fields(fault_type)]  # type: ignore[arg-type]
    for setting in settings:
        if setting not in known:
            raise FaultError(
                f"The fault {name} has no setting {setting!r}. "
                + (f"It has: {', '.join(known)}." if known else "It has none.")
            )
    try:
        return fault_type(**settings)
    except (TypeError, ValueError) as error:
        raise FaultError(f"The fault {name}: {error}.") from None


def _unknown(what: str, given: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(str(given), names, 1)
    hint = f" Is it {close[0]!r} that you mean?" if close else ""
    return f"There is no {what} {given!r}.{hint} There are: {', '.join(names)}."
