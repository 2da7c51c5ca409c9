# Edited in overrides/package/mock/_locks.py, from where `make generate` copies it.
"""Locks that are free in a forked process, whatever other threads did when it was forked."""

from __future__ import annotations

import os
import threading
import weakref

_forking = threading.Lock()
_locks: weakref.WeakSet[threading.RLock] = weakref.WeakSet()
_held: list[threading.RLock] = []


def make_lock() -> threading.RLock:
    """A lock that a fork waits for, so that the child finds it free and its data whole.

    Nobody may wait for one of these locks while holding another.
    """
    lock = threading.RLock()
    _locks.add(lock)
    return lock


def _acquire_all() -> None:
    _forking.acquire()
    _held.extend(_locks)
    for lock in _held:
        lock.acquire()


def _release_all() -> None:
    while _held:
        _held.pop().release()
    _forking.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_acquire_all, after_in_parent=_release_all, after_in_child=_release_all
    )
