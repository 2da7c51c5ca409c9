"""The one exception that means: it could not be compared, and here is what to do."""

from __future__ import annotations


class NotComparableError(Exception):
    """The comparison could not be made; the message is for the person who asked for it."""
