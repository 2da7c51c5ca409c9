"""Prism, a mock from elsewhere: how to run it, and what it cannot pass, each with its reason."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.contract._package import document

_PRISM: Final = "@stoplight/prism-cli@5.14.2"
_SECONDS_TO_START: Final = 60.0
_ENVIRONMENT: Final = dict(os.environ)  # as it was before the tests name a proxy

# The kind of a failure, what its message has in it, and why it is none of ours.
EXCUSES: Final = (
    ("IgnoredAuth", "", "it takes any key, so a wrong one cannot be told from a right one"),
    ("InvalidResponseError", "that was asked for", "it answers with one id, whatever is asked for"),
    ("UnsupportedMethodResponse", "`Allow`", "it answers 405 without the Allow of RFC 9110"),
    ("JsonSchemaError", '"invalid_json"', "its answer to a body that is no JSON has its own shape"),
)


def is_excused(failure: BaseException | None) -> bool:
    """Return whether a failure is known, and the server's own doing."""
    name, text = type(failure).__name__, str(failure)
    return any(name == kind and words in text for kind, words, _ in EXCUSES)


def understands(body: Any) -> bool:
    """Return whether Prism takes a body for what it is, and survives it.

    It takes null for no body at all, and dies of a name in it that no header can have.
    """
    names = re.findall(r'"((?:[^"\\]|\\.)*)": ', json.dumps(body, default=str))
    return body is not None and all("\\" not in one for one in names)


@contextmanager
def run(folder: Path) -> Iterator[str]:
    """Run Prism on a free port, and give its URL."""
    npx = shutil.which("npx") or pytest.fail("Prism needs Node.js, and npx was not found.")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    path, log = folder / "openapi.yaml", folder / "prism.log"
    path.write_text(yaml.safe_dump(_spell_out(document())), encoding="utf-8")
    command = [npx, "--yes", _PRISM, "mock", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--errors=false", str(path)],
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + _SECONDS_TO_START
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"Prism did not start. It said:\n{log.read_text()[-2000:]}")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _spell_out(plain: dict[str, Any]) -> dict[str, Any]:
    """Return the document with `info.x-client.content-type` said in OpenAPI's own words.

    The client sends an empty object with a POST that has nothing to say; a server that does not
    know the extension would refuse it.
    """
    spelled = copy.deepcopy(plain)
    if content_type := spelled["info"].get("x-client", {}).get("content-type"):
        empty = {"content": {content_type: {"schema": {"type": "object", "maxProperties": 0}}}}
        for item in spelled["paths"].values():
            for method in item.keys() & {"post", "put", "patch"}:
                item[method].setdefault("requestBody", empty)
    return spelled
