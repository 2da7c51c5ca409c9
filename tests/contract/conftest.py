"""The server that is tested: the package's own mock, one by its URL (`--url`), or Prism."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.contract import _prism
from tests.contract._calling import Caller
from tests.contract._gateway import Gateway
from tests.contract._package import PACKAGE_VARIABLE, document, package

pytest.register_assert_rewrite("tests.contract._checks")
KEYS = ("key-of-the-first-custodian", "key-of-the-second-custodian")


@dataclass(frozen=True)
class Server:
    """The server that is tested.

    Attributes:
        url: Its base URL.
        keys: API keys that it knows, each a custodian.
        mock: The mock, where it is the package's own: it can be looked into.
        prism: Whether it is Prism, which remembers nothing and takes any key.
    """

    url: str
    keys: tuple[str, ...]
    mock: Any = None
    prism: bool = False


@dataclass
class Options:
    """What the command line says. It is read before the tests are collected.

    Attributes:
        examples: How many cases are generated an operation and client.
        seed: What chance follows from.
        key: The API key of the environment, for a server that runs already.
    """

    examples: int = 5
    seed: int = 7
    key: str = ""


OPTIONS = Options()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of `make contract`."""
    group = parser.getgroup("contract", "contract tests")
    group.addoption("--examples", type=int, help="cases to make an operation and client")
    group.addoption("--seed", type=int, help="what the chance of the cases and walks follows from")
    group.addoption("--url", help="test a server that runs already, its key in <NAME>_API_KEY")
    group.addoption("--prism", action="store_true", help="test against Prism; needs Node.js")
    group.addoption("--package", help="test another generated package: its name or its folder")


def pytest_configure(config: pytest.Config) -> None:
    """Read the options, and the key before the tests' own environment replaces it."""
    if name := config.getoption("--package", None):
        os.environ[PACKAGE_VARIABLE] = name
    OPTIONS.examples = config.getoption("--examples", None) or OPTIONS.examples
    OPTIONS.seed = config.getoption("--seed", None) or OPTIONS.seed
    OPTIONS.key = os.environ.get(f"{package().client.SERVICE.environment}_API_KEY", "")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print how many calls went through the client, and how many did not."""
    counts = Counter[str]()
    for reports in list(terminalreporter.stats.values()):
        for report in reports:
            if getattr(report, "when", "") == "teardown":
                counts.update(dict(report.user_properties).get("contract calls", {}))
    if counts:
        terminalreporter.section("contract")
        through = counts.pop("client", 0)
        terminalreporter.line(f"{through} cases through the client, {counts.total()} raw:")
        for reason, count in counts.most_common():
            terminalreporter.line(f"{count:>8}  {reason}")


@pytest.fixture(autouse=True, scope="module")
def no_proxy_is_used() -> Iterator[None]:
    """Name a proxy that is not there: calls of this machine never go to one."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            patch.setenv(name, "http://127.0.0.1:9")
            patch.setenv(name.upper(), "http://127.0.0.1:9")
        for name in ("no_proxy", "NO_PROXY"):
            patch.setenv(name, "127.0.0.1,localhost")
        yield


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The server that is tested."""
    config = request.config
    if config.getoption("--prism", default=False):
        with _prism.run(tmp_path_factory.mktemp("prism")) as url:
            yield Server(url, ("any-key",), prism=True)
    elif url := config.getoption("--url", None):
        yield Server(url.rstrip("/"), (OPTIONS.key,))
    else:
        mock_class = getattr(package().mock, f"Mock{package().client.SERVICE.name}")
        with mock_class(document(), api_keys=KEYS, seed=1) as mock, mock.serve() as served:
            yield Server(served.url, KEYS, mock)


@pytest.fixture(scope="module")
def caller(server: Server) -> Iterator[Caller]:
    """Calls of the client, all of them over a gateway to the server that is tested."""
    with Gateway(server.url).running() as gateway:
        calling = Caller(gateway)
        yield calling
        calling.close()
