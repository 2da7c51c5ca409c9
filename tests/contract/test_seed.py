"""The same seed sends the same bytes, whatever the hashes of strings are; seen by the server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.network._server import HostileServer, reply


class Sent(NamedTuple):
    """What a run told of itself, and what arrived: request line, credential and body."""

    fingerprints: set[str]
    requests: list[tuple[str, list[str], bytes]]


def command(repository: Path, url: str, reports: Path, seed: int) -> list[str]:
    return [
        *(sys.executable, str(repository / "scripts" / "contract.py"), "--url", url),
        *("--examples", "3", "--seed", str(seed), "--reports", str(reports)),
    ]


@pytest.fixture(scope="module")
def sent(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sent]:
    """Three runs at once, each with a server of its own that answers everything alike."""
    found, running = {}, {}
    folder = tmp_path_factory.mktemp("seed")
    for name, seed, hashes in (("one", 5, 1), ("same", 5, 2), ("other", 6, 1)):
        server = HostileServer(reply(200, b"[]"))
        process = subprocess.Popen(
            command(repository, server.url, folder / name, seed),
            env={**os.environ, "PYTHONHASHSEED": str(hashes)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running[name] = (server, process)
    for name, (server, process) in running.items():
        out, err = process.communicate(timeout=120)
        server.close()
        assert process.returncode == 1, err  # Such answers are not the document's.
        assert err == ""
        prints = re.search(r"fingerprint: sync (\w+), async (\w+)", out)
        assert prints is not None
        requests = [
            (one.request_line, one.headers("authorization"), one.body) for one in server.requests
        ]
        found[name] = Sent({prints[1], prints[2]}, requests)
    return found


def test_the_same_seed_sends_the_same_bytes(sent: dict[str, Sent]) -> None:
    assert len(sent["one"].requests) > 100
    assert sent["one"].requests == sent["same"].requests
    assert sent["one"].fingerprints == sent["same"].fingerprints
    assert len(sent["one"].fingerprints) == 1


def test_the_async_client_sends_what_the_sync_one_sent(sent: dict[str, Sent]) -> None:
    _, *requests = sent["one"].requests  # The first asked whether there is an API.
    middle = len(requests) // 2
    assert requests[:middle] == requests[middle:]


def test_another_seed_sends_something_else(sent: dict[str, Sent]) -> None:
    assert sent["one"].requests != sent["other"].requests
    assert sent["one"].fingerprints.isdisjoint(sent["other"].fingerprints)
