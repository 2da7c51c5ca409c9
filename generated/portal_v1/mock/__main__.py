# Edited in overrides/package/mock/__main__.py, from where `make generate` copies it.
"""`python -m <package>.mock`: the mock over TCP."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

from .._document import load_document
from .._version import __version__
from ._control import example_request, read_arguments
from ._faces import MockServer
from ._faults import check_fault
from ._messages import PREFIX, MockError
from ._mock import Mock
from ._schemas import find_rules, members


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM; the exit status is 1 where the mock cannot start."""
    options = vars(_parser().parse_args(arguments))
    where = {name: options.pop(name) for name in ("host", "port", "control", "allow_hosts")}
    faults = options.pop("faults")
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.default_int_handler)
    try:
        if options.pop("rules"):
            for one in find_rules(load_document()):
                _print(f"{one.name}\n  {one.basis}: {one.says}\n  source: {one.source}\n")
            return 0
        with Mock(**options) as mock, mock.serve(**where) as server:
            for fault in faults:
                check_fault(fault, mock.operations)
                mock.fault(fault.pop("fault"), **fault)
            _print(_greeting(mock.document, server, options))
            while True:
                time.sleep(3600)
    except (MockError, ValueError) as error:  # a number may be out of its range
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m {__package__}",
        description="Serve a stateful mock of the API over HTTP, for tests and development.",
        epilog="Stop it with Ctrl-C. Each API key is a custodian of its own.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=int, default=8080, help="port, 0 for a free one (default: %(default)s)")
    add("--db", metavar="FILE", help="keep the state in this SQLite file (default: in memory)")
    add("--seed", type=int, default=0, help="what ids and tokens follow from (default: 0)")
    key = "accept this key; repeat for more (default: any that is not empty)"
    add("--api-key", dest="api_keys", action="append", metavar="KEY", help=key)
    add("--rate-limit", type=int, metavar="N", help="answer 429 beyond N requests a key a minute")
    add("--latency", type=float, default=0.0, metavar="SECONDS", help="answer that much later")
    add("--log", metavar="FILE", help="add requests and answers to it as JSON, secrets masked")
    add("--strict", action="store_true", help="refuse what the document does not describe")
    add("--rules", action="store_true", help="print the rules of the API, and how each is known")
    fault = "let requests fail: rate_limited:OPERATION,times=2,retry_after=1; repeat for more"
    many: dict[str, Any] = {"action": "append", "default": [], "help": fault, "type": _read_fault}
    add("--fault", dest="faults", metavar="FAULT[:OPERATION][,NAME=VALUE...]", **many)
    name = f"let other machines use the page and control API at {PREFIX}/ by this name of it"
    many = {"action": "append", "default": [], "help": name}
    add("--allow-host", dest="allow_hosts", metavar="NAME", **many)
    off = f"have no page and no control API at {PREFIX}/"
    add("--no-control", dest="control", action="store_false", help=off)
    version = f"{(__package__ or '').rpartition('.')[0]} {__version__}"
    add("--version", action="version", version=version)
    return parser


def _print(text: str) -> None:
    """Print a text, whatever the terminal's encoding; `| head -1` may have stopped reading."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is left


def _read_fault(text: str) -> dict[str, Any]:
    """A fault that the command line names."""
    head, *pairs = text.split(",")
    name, _, operation = head.partition(":")
    settings = read_arguments(pair.partition("=")[::2] for pair in pairs)
    return {"fault": name, "operation": operation or None, **settings}


def _greeting(document: Mapping[str, Any], server: MockServer, options: Mapping[str, Any]) -> str:
    keys = options["api_keys"]
    example = example_request(document, urlsplit(server.url).path)
    headers = [word for pair in example["headers"].items() for word in ("-H", ": ".join(pair))]
    return f"""\
Mock of {members(document, "info").get("title", "the API")}
  URL    {server.url}
  state  {options["db"] or "memory: it is gone when the mock stops"}
  keys   {f"{len(keys)} accepted" if keys else "any that is not empty"}
  page   {server.page_url or "none"}
  try    {shlex.join(["curl", *headers, urljoin(server.url, example["path"])])}
"""


if __name__ == "__main__":
    sys.exit(main())
