"""The server that is tested: the package's own mock, or one by its URL (`--url`)."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from tests.contract._calls import CALLS, TALLY, Caller
from tests.contract._package import PACKAGE_VARIABLE, document, package
from tests.gateway import Gateway

KEYS = [f"key-of-the-{one}-custodian" for one in ("first", "second", "third")]
OPTIONS = SimpleNamespace(examples=5, seed=7, url="", prism=False, package="", key="any-key")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract", "contract tests")
    group.addoption("--examples", type=int, help="cases to make an operation and client")
    group.addoption("--seed", type=int, help="what the chance of cases and walks follows from")
    group.addoption("--url", help="test a server that runs already, its key in <NAME>_API_KEY")
    group.addoption("--prism", action="store_true", help="that server is Prism")
    group.addoption("--package", help="test another generated package: its name or its folder")


def pytest_configure(config: pytest.Config) -> None:
    """Read the options, and the key before the environment of the tests replaces it."""
    for name in vars(OPTIONS):
        setattr(OPTIONS, name, config.getoption(name, None) or getattr(OPTIONS, name))
    if OPTIONS.package:
        os.environ[PACKAGE_VARIABLE] = OPTIONS.package
    OPTIONS.key = os.environ.get(f"{package().client.SERVICE.environment}_API_KEY", OPTIONS.key)


def each_case(document: dict[str, Any], examples: int, **config: Any) -> Callable[[Any], Any]:
    """Return a decorator that has a test run, sync and async, with schemathesis' cases."""
    generation = {"mode": "all", "max-examples": examples, "database": "none"}
    config = {"seed": OPTIONS.seed, "generation": generation, **config}
    told = schemathesis.Config.from_dict(config)
    each = schemathesis.openapi.from_dict(document, config=told).parametrize()
    of_hypothesis = settings(suppress_health_check=[*HealthCheck], max_examples=examples)
    each_client = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
    return lambda test: each_client(each(of_hypothesis(test)))


def number_of(value: object) -> int:
    """Return a number that is the same for the same value: nothing else is left to chance."""
    return zlib.crc32(repr(value).encode("utf-8", "replace"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print how many calls went through the client, and how many did not, with the reasons."""
    if through := TALLY.pop(CALLS, 0):
        terminalreporter.section("contract")
        terminalreporter.line(f"{through} {CALLS}, {TALLY.total()} raw requests:")
        for reason, count in TALLY.most_common():
            terminalreporter.line(f"{count:>8}  {reason}")


@pytest.fixture(scope="module")
def mock() -> Iterator[Any]:
    """The package's own mock; None where another server is tested."""
    mock_class = getattr(package().mock, f"Mock{package().client.SERVICE.name}")
    with mock_class(document(), api_keys=KEYS, seed=1) as made:
        yield None if OPTIONS.url else made


@pytest.fixture(scope="module")
def caller(mock: Any) -> Iterator[Caller]:
    """Calls of the client, over a gateway to the server."""
    with Gateway(mock.serve().url if mock else OPTIONS.url.rstrip("/")).running() as gateway:
        calls = Caller(gateway, KEYS if mock else [OPTIONS.key])
        yield calls
        calls.close()
