"""The server that is tested: the package's own mock, one by its URL (`--url`), or Prism."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.contract import _prism
from tests.contract._client import CALLS, TALLY, Caller
from tests.contract._gateway import Gateway
from tests.contract._package import PACKAGE_VARIABLE, document, package

KEYS = ("key-of-the-first-custodian", "key-of-the-second-custodian")


@dataclass
class Options:
    """What the command line says; tests are made by it when they are collected."""

    examples: int = 5
    seed: int = 7
    key: str = ""  # of the environment, for a server that runs already


@dataclass(frozen=True)
class Server:
    """The server that is tested, and keys that it knows, each a custodian's."""

    url: str
    keys: tuple[str, ...]
    mock: Any = None  # where it is the package's own
    is_prism: bool = False


OPTIONS = Options()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract", "contract tests")
    group.addoption("--examples", type=int, help="cases to make an operation and client")
    group.addoption("--seed", type=int, help="what the chance of cases and walks follows from")
    group.addoption("--url", help="test a server that runs already, its key in <NAME>_API_KEY")
    group.addoption("--prism", action="store_true", help="test against Prism; needs Node.js")
    group.addoption("--package", help="test another generated package: its name or its folder")


def pytest_configure(config: pytest.Config) -> None:
    """Read the options, and the key before the environment of the tests replaces it."""
    if name := config.getoption("--package", None):
        os.environ[PACKAGE_VARIABLE] = name
    OPTIONS.examples = config.getoption("--examples", None) or OPTIONS.examples
    OPTIONS.seed = config.getoption("--seed", None) or OPTIONS.seed
    OPTIONS.key = os.environ.get(f"{package().client.SERVICE.environment}_API_KEY", "any-key")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print how many calls went through the client, and how many did not, with the reasons."""
    if TALLY:
        through = TALLY.pop(CALLS, 0)
        terminalreporter.section("contract")
        terminalreporter.line(f"{through} {CALLS}, {TALLY.total()} raw requests:")
        for reason, count in TALLY.most_common():
            terminalreporter.line(f"{count:>8}  {reason}")


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    if request.config.getoption("--prism", default=False):
        with _prism.run(tmp_path_factory.mktemp("prism")) as url:
            yield Server(url, ("any-key",), is_prism=True)
    elif url := request.config.getoption("--url", None):
        yield Server(url.rstrip("/"), (OPTIONS.key,))
    else:
        mock_class = getattr(package().mock, f"Mock{package().client.SERVICE.name}")
        with mock_class(document(), api_keys=KEYS, seed=1) as mock, mock.serve() as served:
            yield Server(served.url, KEYS, mock)


@pytest.fixture(scope="module")
def caller(server: Server) -> Iterator[Caller]:
    """Calls of the client, over a gateway to the server."""
    with Gateway(server.url).running() as gateway:
        calls = Caller(gateway)
        yield calls
        calls.close()
