"""The command line of the mock."""

from __future__ import annotations

import argparse
import json
import math
import os
import shlex
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from ._errors import DocumentError, MockError
from ._messages import PREFIX
from ._mock import Mock
from ._server import MockServer
from ._values import is_object, members

_LAST_PORT = 65535
_PAUSE_SECONDS = 0.2


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted.

    Args:
        arguments: The command line, without the program's name; by default the process's.

    Returns:
        The exit status: 0 after Ctrl-C or SIGTERM, 1 where the mock cannot start.
    """
    options = _parser().parse_args(arguments)
    stopped: list[int] = []  # an event cannot be set while the same thread is about to wait for it

    def interrupt(number: int, _frame: FrameType | None) -> None:
        stopped.append(number)

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, interrupt)
    try:
        with (
            Mock(
                _document(options.document),
                api_keys=options.api_key,
                seed=options.seed,
                db=options.db,
                rate_limit=options.rate_limit,
                latency=options.latency,
                log=options.log,
            ) as mock,
            mock.serve(options.host, options.port, inspector=options.inspector) as server,
        ):
            _print(_greeting(mock.document, server, options))
            while not stopped:
                time.sleep(_PAUSE_SECONDS)
    except MockError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    _print("Stopped.")
    return 0


def _print(text: str) -> None:
    """Print a text, whatever the terminal's encoding. Where nobody reads on, nothing is lost."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # Python writes what is left when it ends
        os.close(nowhere)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m {__package__}",
        description="Serve a stateful mock of the API over HTTP, for tests and development.",
        epilog="Stop it with Ctrl-C. Each API key is a custodian of its own.",
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s)"
    )
    parser.add_argument(
        "--port", type=_port, default=8080, help="port, 0 for a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--db", metavar="FILE", help="keep the state in this SQLite file (default: in memory)"
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        help="what ids and tokens follow from; the same seed gives the same (default: 0)",
    )
    parser.add_argument(
        "--api-key",
        action="append",
        metavar="KEY",
        help="accept this key; repeat for more (default: any key that is not empty)",
    )
    parser.add_argument(
        "--rate-limit",
        type=_count,
        metavar="N",
        help="answer 429 after N requests of a key within a minute (default: no limit)",
    )
    parser.add_argument(
        "--latency",
        type=_seconds,
        default=0.0,
        metavar="SECONDS",
        help="answer that much later (default: 0)",
    )
    parser.add_argument(
        "--log", metavar="FILE", help="add each request and answer to it as JSON, secrets masked"
    )
    parser.add_argument(
        "--document",
        metavar="FILE",
        help="serve this OpenAPI document, as JSON (default: the package's own)",
    )
    parser.add_argument(
        "--no-inspector",
        dest="inspector",
        action="store_false",
        help=f"have no page for browsers at {PREFIX}/",
    )
    return parser


def _document(path: str | None) -> Any:
    """The document in a file, None for the package's own.

    Raises:
        DocumentError: It cannot be read, or is no JSON object.
    """
    if path is None:
        return None
    try:
        document = json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise DocumentError(f"The document {path} cannot be read ({error.strerror}).") from None
    except ValueError as error:
        raise DocumentError(
            f"The document {path} is not JSON ({error}). Convert YAML to JSON first."
        ) from None
    if not is_object(document):
        raise DocumentError(f"The document {path} is no OpenAPI document: it is not an object.")
    return document


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0")
    return seconds


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError:
        port = -1
    if not 0 <= port <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to {_LAST_PORT})")
    return port


def _greeting(document: Mapping[str, Any], server: MockServer, options: argparse.Namespace) -> str:
    url = server.url
    title = members(document, "info").get("title", "the API")
    where = options.db or "memory: it is gone when the mock stops"
    keys = f"{len(options.api_key)} accepted" if options.api_key else "any that is not empty"
    page = server.page_url or "none"
    return "\n".join(
        [
            f"Mock of {title}",
            f"  URL    {url}",
            f"  state  {where}",
            f"  keys   {keys}",
            f"  page   {page}",
            f"  try    {_example(document, url, 'YOUR_KEY' if options.api_key else 'any-key')}",
        ]
    )


def _example(document: Mapping[str, Any], url: str, key: str) -> str:
    """A curl line: the first GET whose path has no variables, else the first path there is."""
    paths: Mapping[str, Any] = members(document, "paths")
    path = next(
        (path for path, item in paths.items() if "get" in item and "{" not in path),
        next(iter(paths), "/"),
    )
    headers = []
    for scheme in members(members(document, "components"), "securitySchemes").values():
        if scheme.get("type") == "http":
            headers = [f"Authorization: {scheme['scheme'].capitalize()} {key}"]
        elif scheme.get("type") == "apiKey" and scheme.get("in") == "header":
            headers = [f"{scheme['name']}: {key}"]
    return shlex.join(["curl", *(part for line in headers for part in ("-H", line)), url + path])
