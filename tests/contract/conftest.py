"""The server that is tested: the package's own mock, or one by its URL (`--url`)."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.contract._calls import CALLS, TALLY, Caller
from tests.contract._package import PACKAGE_VARIABLE, document, package, secret_names
from tests.gateway import Gateway

KEYS = [f"Key+of/the~{one}~custodian==" for one in ("first", "second", "third")]
OPTIONS = SimpleNamespace(examples=5, seed=7, url="", prism=False, package="", key="any-key")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract", "contract tests")
    group.addoption("--examples", type=int, help="cases to make an operation")
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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Cut what is secret out of what a failure shows."""
    report = yield
    if report.failed:
        names = "|".join(secret_names())
        text = re.sub(rf"""(["'](?:{names})["']: *["'])[^"']*""", r"\1...", str(report.longrepr))
        report.longrepr = text.replace(OPTIONS.key, "...")
    return report


def at_random(examples: int, **more: Any) -> settings:
    """Return the settings for so many tries, which `seed` makes the same each time."""
    unchecked = [*HealthCheck]
    more |= {"database": None, "deadline": None, "phases": [Phase.generate]}
    return settings(max_examples=examples, suppress_health_check=unchecked, **more)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print how many calls went through the client, and how many did not, with the reasons."""
    for reason, count in TALLY.most_common():
        terminalreporter.line(f"{count:>8}  {reason}")


@pytest.fixture(scope="module")
def mock() -> Iterator[Any]:
    """The package's own mock; None where another server is tested."""
    mock_class = getattr(package().mock, f"Mock{package().client.SERVICE.name}")
    with mock_class(document(), api_keys=KEYS, seed=1) as made:
        yield None if OPTIONS.url else made


@pytest.fixture
def caller(mock: Any) -> Iterator[Caller]:
    """Calls of the client, of which there is at least one, over a gateway to the server."""
    before = TALLY[CALLS]
    if mock:
        mock.reset()
    with Gateway(mock.serve().url if mock else OPTIONS.url.rstrip("/")).running() as gateway:
        calls = Caller(gateway, KEYS if mock else [OPTIONS.key])
        yield calls
        calls.close()
    assert TALLY[CALLS] > before
