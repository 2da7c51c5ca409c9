"""Packages whose names are imported when they are first used."""

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any

__all__ = ["asyncio", "futures", "signal", "uuid"]  # What is imported here for others to import.

# Within these, a thread holds locks that an import may need.
_LOCKING = {"importlib._bootstrap", "logging", "logging.config"}
_PATIENCE = 1.0  # seconds


def start_apart(function: Callable[[], object]) -> None:
    """Call a function, which raises nothing, in a thread of its own."""
    begun = threading.Event()

    def work() -> None:
        is_late = begun.is_set()
        begun.set()
        if not is_late:
            sys.settrace(threading.gettrace())
            function()

    # On Python 3.11 what is to end a thread can strike one that it has just started, before that
    # does anything; `threading.Thread` would wait for it without an end.
    while not begun.is_set():
        try:
            _thread.start_new_thread(work, ())
        except RuntimeError:  # No thread can be started any more.
            work()
        begun.wait(_PATIENCE)


def run_apart(function: Callable[[], Any], within: float | None = None) -> Any:
    """Return what a function returns or raise what it raises, called in a thread of its own.

    Args:
        function: What to call.
        within: Seconds after which it is left behind, and None is returned; None for no end.
    """
    outcomes: list[tuple[Any, BaseException | None]] = []
    done = threading.Event()

    def work() -> None:
        try:
            outcomes.append((function(), None))
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            outcomes.append((None, error))
        finally:
            done.set()

    start_apart(work)
    if not done.wait(within):
        return None
    result, failure = outcomes[0]
    if failure is not None:
        raise failure
    return result


def import_apart(function: Callable[[], Any]) -> Any:
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
    module: ModuleType = import_apart(partial(import_module, name))
    return module


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
