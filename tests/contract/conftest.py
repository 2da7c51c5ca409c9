"""The server that is tested: the package's own mock, or one by its URL (`--url`)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Generator, Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from tests.contract._calls import CALLS, TALLY, Caller
from tests.contract._package import DOCUMENT, PACKAGE, SERVICE
from tests.gateway import Gateway

KEYS = [f"Key+of/the~{one}~custodian==" for one in ("first", "second", "third")]
KEY = os.environ.get(f"{SERVICE.environment}_API_KEY", "any-key")  # Tests replace it later.
OPTIONS = SimpleNamespace(examples=5, seed=7, url="", prism=False, keys=KEYS)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract", "contract tests")
    group.addoption("--examples", type=int, help="cases to make an operation")
    group.addoption("--seed", type=int, help="what the chance of cases and walks follows from")
    group.addoption("--url", help="test a server that runs already, its key in <NAME>_API_KEY")
    group.addoption("--prism", action="store_true", help="that server is Prism")


def pytest_configure(config: pytest.Config) -> None:
    for name, default in vars(OPTIONS).items():
        setattr(OPTIONS, name, config.getoption(name, None) or default)
    OPTIONS.keys = [KEY] if OPTIONS.url else KEYS
    if OPTIONS.url:
        # Prism was only just started: it has some seconds.
        transport = httpx.HTTPTransport(retries=6 if OPTIONS.prism else 0)
        try:
            with httpx.Client(transport=transport, trust_env=False) as client:
                client.get(OPTIONS.url)
        except httpx.HTTPError as error:
            problem = f"Nothing answers at {OPTIONS.url}: {error}. Start it first."
            raise pytest.UsageError(problem) from None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    pytest_exception_interact(report)
    return report


@pytest.hookimpl(trylast=True)  # schemathesis writes the failures of its checks here
def pytest_exception_interact(report: Any) -> None:
    """Cut what is secret out of what a failure shows."""
    if report.failed:
        secrets = re.findall(r'"(\w+)": \{[^{}]*"format": "password"', json.dumps(DOCUMENT))
        pattern = rf"""(["'](?:{"|".join(secrets)})["']: *["'])[^"']*"""
        report.longrepr = re.sub(pattern, r"\1...", str(report.longrepr)).replace(KEY, "...")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print how many calls went through the client, and how many did not."""
    for reason, count in TALLY.most_common():
        terminalreporter.line(f"{count:>8}  {reason}")


@pytest.fixture(scope="module")
def mock() -> Iterator[Any]:
    """The package's own mock; None where another server is tested."""
    with getattr(PACKAGE.mock, f"Mock{SERVICE.name}")(api_keys=KEYS, seed=1) as made:
        yield None if OPTIONS.url else made


@pytest.fixture
def caller(mock: Any) -> Iterator[Caller]:
    """Calls of the client, of which there is at least one, over a gateway to the server."""
    before = TALLY[CALLS]
    if mock:
        mock.reset()
    with Gateway(mock.serve().url if mock else OPTIONS.url.rstrip("/")).running() as gateway:
        calls = Caller(gateway, OPTIONS.keys)
        yield calls
        calls.close()
    assert TALLY[CALLS] > before
