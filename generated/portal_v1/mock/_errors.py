# Edited in overrides/package/mock/_errors.py, from where `make generate` copies it.
"""What can go wrong with the mock itself, as opposed to the answers it gives."""

from __future__ import annotations


class MockError(Exception):
    """The mock cannot be built or started. The text says why and what to do."""


class DocumentError(MockError):
    """The OpenAPI document cannot be served as it stands."""


class StateError(MockError):
    """The database file cannot be used: unreadable, damaged, or made by something else."""


class ServeError(MockError):
    """The TCP server cannot listen where it was told to."""


class FaultError(MockError, ValueError):
    """A fault cannot be set: its name, its operation or one of its settings is not known."""


class MockDependencyError(MockError, ImportError):
    """A package that only the mock needs is not installed."""
