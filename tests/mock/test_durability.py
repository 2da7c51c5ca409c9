"""State that can be trusted: killed under load, copied, seeded in bulk, listed as a stream."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import portal_v1
import pytest
from portal_v1 import Portal
from portal_v1._http import httpx
from portal_v1.mock import MockPortal, StateError

from tests.mock._support import ask

CLIENTS = "/api/v1/custodians/clients"
HEADERS = {"Authorization": "Bearer one", "Content-Type": "application/json"}
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(portal_v1.__file__).parents[1])}


def served(path: Path) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "portal_v1.mock", "--port", "0", "--db", str(path)],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(2)]
    return process, int(lines[1].split(":")[-1].split("/")[0])


def create_until_it_is_gone(port: int, answered: list[str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        while True:
            connection.request("POST", CLIENTS, b"{}", HEADERS)
            response = connection.getresponse()
            if response.status == 201:
                answered.append(json.loads(response.read())["id"])
    except (OSError, http.client.HTTPException, ValueError):
        connection.close()


def test_what_was_answered_is_there_after_a_kill(tmp_path: Path) -> None:
    path, chance = tmp_path / "state.db", random.Random(4)  # noqa: S311
    answered: list[str] = []
    for _ in range(4):
        process, port = served(path)
        with process:
            threads = [
                threading.Thread(target=create_until_it_is_gone, args=(port, answered))
                for _ in range(8)
            ]
            for thread in threads:
                thread.start()
            time.sleep(chance.uniform(0.05, 0.3))
            process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            for thread in threads:
                thread.join()
    with MockPortal(db=path) as mock:
        kept = [one["id"] for one in ask(mock, "GET", CLIENTS).json]
    assert len(answered) > 50
    assert set(answered) <= set(kept)
    assert len(kept) == len(set(kept))
    assert len(kept) <= len(answered) + 4 * 8  # what was written when the answer was lost


def test_32_connections_write_one_file(tmp_path: Path) -> None:
    with MockPortal(db=tmp_path / "state.db") as mock, mock.serve() as server:

        def work(_: int) -> list[str]:
            connection = http.client.HTTPConnection(server.host, server.port, timeout=10)
            ids = []
            for _ in range(5):
                connection.request("POST", CLIENTS, b"{}", HEADERS)
                ids.append(json.loads(connection.getresponse().read())["id"])
            connection.close()
            return ids

        with ThreadPoolExecutor(32) as pool:
            ids = [one for some in pool.map(work, range(32)) for one in some]
        assert sorted(ids) == sorted(one["id"] for one in ask(mock, "GET", CLIENTS).json)
        assert len(set(ids)) == 160


def test_threads_in_process_agree(mock: MockPortal) -> None:
    with ThreadPoolExecutor(16) as pool:
        created = list(pool.map(lambda _: mock.client().clients.create(), range(100)))
    assert len({one.id for one in created}) == 100
    assert len(mock.client().clients.list()) == 100


@pytest.mark.parametrize("kept_in", ["memory", "a file"])
def test_snapshot_and_restore(tmp_path: Path, kept_in: str) -> None:
    path = tmp_path / "state.db" if kept_in == "a file" else None
    with MockPortal(db=path, clock=lambda: 5e8) as mock:
        portal = mock.client()
        first = portal.clients.create()
        otp = portal.clients.generate_web_otp(first.id).otp
        before = mock.snapshot()
        second = portal.clients.create()
        mock.redeem_otp(otp)
        mock.clock.advance(days=2)
        assert not mock.session_is_live(first.client_session_token)
        after = mock.snapshot()

        mock.restore(before)
        assert [one.id for one in portal.clients.list()] == [first.id]
        assert mock.session_is_live(first.client_session_token)
        assert mock.redeem_otp(otp) == first.id
        assert portal.clients.create().id == second.id  # as it was the first time

        mock.restore(after)
        assert [one.id for one in portal.clients.list()] == [first.id, second.id]
        assert mock.redeem_otp(otp) is None
    if path is not None:
        with MockPortal(db=path) as again:
            assert len(again.client().clients.list()) == 2


def test_a_snapshot_may_go_into_another_mock(mock: MockPortal) -> None:
    created = mock.client().clients.create()
    with MockPortal() as other:
        other.restore(mock.snapshot())
        assert other.client().clients.get(created.id).id == created.id


def test_reset_is_as_new(mock: MockPortal) -> None:
    first = mock.client().clients.create()
    mock.fault("latency")
    mock.clock.advance(5)
    mock.reset()
    assert mock.client().clients.list() == []
    assert not mock.faults
    assert mock.clock.offset == 0
    assert [entry.number for entry in mock.calls()] == [1]
    assert mock.client().clients.create() == first


def test_a_run_repeats_to_the_byte() -> None:
    runs = []
    for _ in range(2):
        with MockPortal(seed=11) as mock:
            created = ask(mock, "POST", CLIENTS, b"{}")
            path = f"{CLIENTS}/{created.json['id']}"
            mock.seed_clients(20, api_key="one", has_wallet=True)
            rest = [ask(mock, "POST", path + "/session"), ask(mock, "GET", path + "/web-otp")]
            runs.append([created, *rest, ask(mock, "GET", CLIENTS)])
    assert runs[0] == runs[1]


def test_seeded_clients_are_clients(mock: MockPortal) -> None:
    mock.seed_clients(2)
    mock.seed_clients(1, has_wallet=True)
    mock.seed_clients(3, api_key="other")
    portal = mock.client()
    plain, _, full = portal.clients.list()
    assert (plain.address, plain.backup_status) == (None, None)
    assert str(full.address).startswith("0x")
    assert len(str(full.address)) == 42
    assert full.signing_status
    token = portal.clients.refresh_session(plain.id).client_session_token
    assert mock.session_is_live(token)
    with pytest.raises(ValueError, match="from 0"):
        mock.seed_clients(-1)


@pytest.mark.parametrize("count", [999, 1000, 1001, 2000, 2500])
def test_a_long_list_is_whole_and_in_order(
    mock: MockPortal, http: httpx.Client, count: int
) -> None:
    mock.seed_clients(count, api_key="one")
    listed = http.get("/custodians/clients").json()
    with mock.serve() as server, Portal("one", base_url=server.url) as portal:
        assert [one.id for one in portal.clients.list()] == [one["id"] for one in listed]
        assert [one.id for one in portal.clients.iter()] == [one["id"] for one in listed]
    assert len({one["id"] for one in listed}) == count


def test_a_long_list_is_held_in_pieces(mock: MockPortal) -> None:
    mock.seed_clients(30_000, api_key="one")
    ask(mock, "GET", CLIENTS, headers=())
    tracemalloc.start()
    try:
        answer = mock.handle("GET", CLIENTS, [("authorization", "Bearer one")], b"")
        assert not isinstance(answer.body, bytes)
        size = sum(map(len, answer.body))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 3_000_000
    assert peak < 3_000_000


def test_other_requests_are_answered_while_a_long_list_is_sent(mock: MockPortal) -> None:
    mock.seed_clients(20_000, api_key="one")
    with mock.serve() as server, httpx.Client(headers=HEADERS, base_url=server.url) as client:
        with client.stream("GET", "/custodians/clients") as response:
            pieces = response.iter_bytes()
            text = next(pieces)
            assert client.post("/custodians/clients", content=b"{}").status_code == 201
            text += b"".join(pieces)
        assert response.headers["transfer-encoding"] == "chunked"
        assert len(json.loads(text)) >= 20_000


def test_a_client_of_http_1_0_gets_a_long_list_too(mock: MockPortal) -> None:
    import socket  # noqa: PLC0415

    mock.seed_clients(3000, api_key="one")
    request = f"GET {CLIENTS} HTTP/1.0\r\nAuthorization: Bearer one\r\n\r\n"
    with mock.serve() as server, socket.create_connection((server.host, server.port)) as client:
        client.sendall(request.encode())
        received = b""
        while chunk := client.recv(1 << 20):
            received += chunk
    assert len(json.loads(received.partition(b"\r\n\r\n")[2])) == 3000


def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with MockPortal(db=path) as mock:
        mock.seed_clients(500)
    content = bytearray(path.read_bytes())
    content[8192:40_960] = os.urandom(32_768)
    path.write_bytes(content)
    with pytest.raises(StateError, match=r"cannot be used as the mock's database"):
        MockPortal(db=path)
    path.write_bytes(content[:5000])
    with pytest.raises(StateError, match=r"cannot be used as the mock's database"):
        MockPortal(db=path)


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.touch()
    with MockPortal(db=path) as mock:
        mock.client().clients.create()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
