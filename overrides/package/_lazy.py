"""Packages whose names are imported when they are first used."""

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = [
    "LateError",
    "asyncio",
    "export",
    "futures",
    "import_apart",
    "load",
    "run_apart",
    "signal",
    "uuid",
]

T = TypeVar("T")

# Within these, a thread holds locks that an import may need.
_LOCKING = {"importlib._bootstrap", "logging", "logging.config"}
_PATIENCE = 1.0  # seconds


class LateError(Exception):
    """A function did not return in time."""


def run_apart(function: Callable[[], T], within: float | None = None) -> T:
    """Return what a function returns, called in a thread of its own.

    Args:
        function: What to call.
        within: Seconds after which it is left behind; None for no end.

    Raises:
        LateError: It did not return within this time. Or whatever it raises.
    """
    begun: list[bool] = []
    returned: list[T] = []
    raised: list[BaseException] = []
    done = threading.Lock()
    done.acquire()

    def work() -> None:
        begun.append(True)
        sys.settrace(threading.gettrace())
        try:
            returned.append(function())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            raised.append(error)
        finally:
            if done.locked():
                done.release()

    while not begun:
        try:
            _thread.start_new_thread(work, ())
        except RuntimeError:  # No thread can be started any more.
            work()
        # On Python 3.11 what is to end a thread can strike one that it has just started, before
        # that does anything; `threading.Thread` would wait for it without an end.
        if not done.acquire(timeout=_PATIENCE if within is None else within) and within is not None:
            raise LateError
    if not (returned or raised):
        done.acquire()
    if raised:
        raise raised[0]
    return returned[0]


def import_apart(function: Callable[[], T]) -> T:
    """Return what a function that imports something returns, called in a thread of its own.

    Something outside may end the thread that calls at any moment, as the time limit of a job queue
    does. Amid an import that would leave Python's lock of the module held, and every other thread
    that needs the module would wait without an end.
    """
    frame: FrameType | None = sys._getframe()  # pyright: ignore - `inspect` takes long to import
    while frame is not None:
        if frame.f_globals.get("__name__") in _LOCKING:
            return function()
        frame = frame.f_back
    return run_apart(function)


def load(name: str) -> ModuleType:
    """Import a module by its whole name, in a thread of its own."""
    return import_apart(partial(import_module, name))


def export(
    package: str, places: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and the `__dir__` of a package.

    Args:
        package: Its name.
        places: The module of each name that it offers, relative to it; a module that has the name
            itself is what the name stands for.
    """
    namespace = vars(sys.modules[package])

    def get(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = load(f"{package}{places[name]}")
        namespace[name] = getattr(module, name, module)
        return namespace[name]

    def names() -> list[str]:
        return sorted({*namespace, *places})

    return get, names


class _Module:
    """A module that is imported when it is first used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(load(self._name), attribute)
        setattr(self, attribute, value)
        return value


if TYPE_CHECKING:
    import asyncio
    import signal
    import uuid
    from concurrent import futures
else:
    asyncio = _Module("asyncio")  # nothing that threads do needs it
    futures = _Module("concurrent.futures")  # only `map` and a key that rotates do
    signal = _Module("signal")
    uuid = _Module("uuid")
