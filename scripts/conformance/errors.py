"""Why a run could not be carried out."""

from __future__ import annotations


class CannotRunError(Exception):
    """There is nothing to test, or nothing to test it against. The message is for a person."""
