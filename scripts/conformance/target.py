"""The server that is tested: the embedded mock, one by its URL, or Prism."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import yaml

from .document import operations
from .endpoints import named
from .errors import CannotRunError
from .stateless import EXCUSES, LEFT_OUT, Excuse, spelled_out, survives

PRISM = "@stoplight/prism-cli@5.14.2"
_SECONDS_TO_START = 60.0
_ASK_FOR_A_MEMORY = {"delete": "use_after_free", "post": "ensure_resource_availability"}


@dataclass(frozen=True)
class Target:
    """A server.

    Attributes:
        name: What it is called in the report.
        url: Its base URL.
        keys: API keys that it knows; two, where two custodians can be had.
        mock: The mock, where it is ours: then there are faults to set.
        left_out: Checks, and "walks", that it cannot pass, with the reason.
        excuses: Findings that are known, and its own doing.
        survives: Whether it survives a body; None where it survives every one.
    """

    name: str
    url: str
    keys: tuple[str, ...] = field(repr=False)
    mock: Any = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    excuses: tuple[Excuse, ...] = ()
    survives: Callable[[Any], bool] | None = None

    def is_there(self) -> bool:
        """Whether anything takes connections there."""
        parts = urlsplit(self.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            with socket.create_connection((parts.hostname or "", port), timeout=5):
                return True
        except OSError:
            return False


@contextmanager
def embedded(package: ModuleType, document: Mapping[str, Any], seed: int) -> Iterator[Target]:
    """Run the package's mock on a free port, with a document of one's own."""
    keys = ("key-of-the-first-custodian", "key-of-the-second-custodian")
    mocks = package.mock
    name = f"Mock{package.client.SERVICE.name}"
    try:
        mock = getattr(mocks, name)(named(document), api_keys=keys, seed=seed)
    except mocks.DocumentError as error:
        raise CannotRunError(f"The mock cannot serve this document: {error}") from None
    with mock, mock.serve() as server:
        yield Target(
            f"the mock of {package.__name__}",
            server.url,
            keys,
            mock=mock,
            left_out=_forgotten(document, set(mock.stateful_operations)),
        )


def _forgotten(document: Mapping[str, Any], remembered: set[str]) -> dict[str, str]:
    """Return the checks that ask for a memory which the mock does not have for each operation."""
    reasons = {}
    for _, method, operation, _ in operations(named(document)):
        check = _ASK_FOR_A_MEMORY.get(method)
        if check is not None and operation["operationId"] not in remembered:
            reasons[check] = f"the mock remembers nothing of {operation['operationId']}"
    return reasons


def given(url: str, key: str) -> Target:
    """Take a server that runs already.

    Raises:
        CannotRunError: Nothing listens there, or the URL is none.
    """
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url:
        raise CannotRunError(
            f"{url!r} is no URL of a server, such as http://127.0.0.1:8080/api/v1."
        )
    target = Target(url, url.rstrip("/"), (key,))
    if not target.is_there():
        raise CannotRunError(
            f"Nothing listens at {url}. Start the server, or leave the URL out to test the mock."
        )
    return target


@contextmanager
def prism(document: Mapping[str, Any], npx: str) -> Iterator[Target]:
    """Run Prism, a mock that knows nothing of ours, on a free port.

    Raises:
        CannotRunError: It does not start.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        path, log = Path(folder, "openapi.yaml"), Path(folder, "prism.log")
        path.write_text(yaml.safe_dump(spelled_out(document)), encoding="utf-8")
        command = [npx, "--yes", PRISM, "mock", "--host", "127.0.0.1", "--port", str(port)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, "--errors=false", str(path)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        url = f"http://127.0.0.1:{port}"
        target = Target(
            "Prism", url, ("any-key",), left_out=LEFT_OUT, excuses=EXCUSES, survives=survives
        )
        try:
            _await(process, target, log)
            try:
                yield target
            except CannotRunError:
                if process.poll() is None:
                    raise
                raise CannotRunError(f"Prism ended in mid-run. It said:\n{_last(log)}") from None
        finally:
            _end(process)


def _await(process: subprocess.Popen[bytes], target: Target, log: Path) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while not target.is_there():
        if process.poll() is not None or time.monotonic() > deadline:
            raise CannotRunError(f"Prism did not start. It said:\n{_last(log)}")
        time.sleep(0.1)


def _last(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").strip().splitlines()[-8:])


def _end(process: subprocess.Popen[bytes]) -> None:

    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
