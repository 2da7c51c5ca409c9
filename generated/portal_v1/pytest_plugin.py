# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/pytest_plugin.py.jinja.
"""A pytest plug-in: the mock, and clients of it, as fixtures.

It is switched on in the root `conftest.py`: `pytest_plugins = ["portal_v1.pytest_plugin"]`, or
the name of your copy of the package.

Each test has a mock of its own, in memory, so that tests neither see each other nor mind in
which process or order they run. `@pytest.mark.portal_mock(rate_limit=200)` gives it the
arguments of `MockPortal`. It needs what the extra `mock` brings.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

# The mock is imported by the tests that use it: others need not have what it needs, and do
# not wait for it.
if TYPE_CHECKING:
    from .client import AsyncPortal, Portal
    from .mock import MockPortal, MockServer

__all__ = ["async_portal", "portal", "portal_mock", "portal_server"]


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", "portal_mock(**options): the arguments of MockPortal for this test"
    )


@pytest.fixture
def portal_mock(request: pytest.FixtureRequest) -> Iterator[MockPortal]:
    """A mock of the API for one test, with nothing in it yet."""
    from .mock import MockPortal  # noqa: PLC0415 - for those who use it alone

    marker = request.node.get_closest_marker("portal_mock")
    options: dict[str, Any] = marker.kwargs if marker else {}
    with MockPortal(**options) as mock:
        yield mock


@pytest.fixture
def portal(portal_mock: MockPortal) -> Iterator[Portal]:
    """A client of the test's mock, in-process."""
    with portal_mock.client() as client:
        yield client


@pytest.fixture
def async_portal(portal_mock: MockPortal) -> AsyncPortal:
    """An async client of the test's mock, in-process. It holds nothing that is to be closed."""
    return portal_mock.async_client()


@pytest.fixture
def portal_server(portal_mock: MockPortal) -> Iterator[MockServer]:
    """The test's mock over TCP, on a free port of this machine: `portal_server.url`."""
    with portal_mock.serve() as server:
        yield server
