"""The TCP server, byte by byte."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from sample.mock import MockSample, MockServer, ServeError

from tests.mock._support import PARCELS

HEAD = b"Host: mock\r\nAuthorization: Bearer one\r\nContent-Type: application/json\r\n"


@pytest.fixture
def connection(server: MockServer) -> Iterator[http.client.HTTPConnection]:
    client = http.client.HTTPConnection(server.host, server.port, timeout=5)
    yield client
    client.close()


def post(path: str = "", body: bytes = b"{}", more: bytes = b"") -> bytes:
    target = (PARCELS + path).encode()
    length = b"Content-Length: %d\r\n" % len(body)
    return b"POST " + target + b" HTTP/1.1\r\n" + HEAD + more + length + b"\r\n" + body


def get(path: str = "", more: bytes = b"") -> bytes:
    return b"GET " + (PARCELS + path).encode() + b" HTTP/1.1\r\n" + HEAD + more + b"\r\n"


def talk(server: MockServer, *pieces: bytes) -> bytes:
    """Send the pieces, and read until the server hangs up."""
    with socket.create_connection((server.host, server.port), timeout=5) as client:
        for piece in pieces:
            client.sendall(piece)
        return b"".join(iter(lambda: client.recv(65536), b""))


BYE = b"Connection: close\r\n"


def test_one_connection_serves_many_requests(connection: http.client.HTTPConnection) -> None:
    headers = {"Authorization": "Bearer one", "Content-Type": "application/json"}
    ids = []
    for _ in range(3):
        connection.request("POST", PARCELS, b"{}", headers)
        response = connection.getresponse()
        assert response.status == 201
        assert response.getheader("date")
        ids.append(json.loads(response.read())["id"])
    local = connection.sock.getsockname()
    connection.request("GET", PARCELS, headers=headers)
    assert [one["id"] for one in json.loads(connection.getresponse().read())] == ids
    assert connection.sock.getsockname() == local


def test_pipelined_requests_are_answered_in_order(server: MockServer) -> None:
    received = talk(server, post() + get() + get("/x") + get("", BYE))
    statuses = [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"201", b"200", b"400", b"200"]


def test_more_pipelined_answers_than_fit_into_the_buffers(server: MockServer) -> None:
    talk(server, *[post() for _ in range(199)], post(more=BYE))
    count = 200
    requests = get() * (count - 1) + get("", BYE)

    with socket.create_connection((server.host, server.port), timeout=10) as client:
        sender = threading.Thread(target=client.sendall, args=(requests,))
        sender.start()
        time.sleep(0.2)  # the answers pile up: nobody reads
        received = b"".join(iter(lambda: client.recv(65536), b""))
        sender.join()
    assert received.count(b"HTTP/1.1 200 ") == count
    assert len(received) > count * 200 * 90


def test_a_chunked_body(server: MockServer) -> None:
    start = b"POST " + PARCELS.encode() + b" HTTP/1.1\r\n" + HEAD + BYE
    chunks = b'Transfer-Encoding: chunked\r\n\r\n8\r\n{"isExpr\r\n'
    received = talk(server, start + chunks, b'b\r\ness": true}\r\n0\r\n\r\n')
    assert received.startswith(b"HTTP/1.1 201 ")
    assert received.endswith(b'"isExpress":true}')


def test_expect_100_continue(server: MockServer) -> None:
    request = post(more=BYE + b"Expect: 100-continue\r\n")
    with socket.create_connection((server.host, server.port), timeout=5) as client:
        client.sendall(request[:-2])
        assert client.recv(1024).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"{}")
        assert client.recv(65536).startswith(b"HTTP/1.1 201 ")


def test_head_has_no_body(connection: http.client.HTTPConnection) -> None:
    connection.request("HEAD", PARCELS)
    response = connection.getresponse()
    assert (response.status, response.read()) == (405, b"")
    assert int(response.getheader("content-length") or 0) > 0
    connection.request("GET", PARCELS, headers={"Authorization": "Bearer one"})
    assert connection.getresponse().read() == b"[]"


def test_a_whole_url_as_target(server: MockServer) -> None:
    request = get("", BYE).replace(b"GET /", b"GET http://mock/", 1)
    assert talk(server, request).endswith(b"\r\n\r\n[]")


START = b"POST " + PARCELS.encode() + b" HTTP/1.1\r\n" + HEAD
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
HOST = b"GET / HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"hello\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (HOST + b"no colon\r\n\r\n", 400),
        (post(more=b"Content-Length: 7\r\n"), 400),
        (post(more=b"Transfer-Encoding: gzip\r\n"), 501),
        (HOST + b"X: " + b"x" * 100_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"x" * 100_000, 431),
        (START + b"Content-Length: 999999999\r\nExpect: 100-continue\r\n\r\n", 413),
        (START + CHUNKED + (b"100000\r\n" + b" " * 0x100000 + b"\r\n") * 9, 413),
    ],
)
def test_what_is_no_request_is_refused(server: MockServer, request_: bytes, status: int) -> None:
    received = talk(server, request_)
    assert received.startswith(b"HTTP/1.1 %d " % status)
    assert b"connection: close" in received.lower()


def test_a_client_that_leaves_in_the_middle_harms_nobody(server: MockServer) -> None:
    for cut in (0, 1, 40, -1):
        request = post()
        with socket.create_connection((server.host, server.port)) as client:
            client.sendall(request[:cut] if cut else b"")
    assert talk(server, get("", BYE)).endswith(b"\r\n\r\n[]")


def test_closing_ends_idle_connections_and_frees_the_port(mock: MockSample) -> None:
    server = mock.serve()
    client = socket.create_connection((server.host, server.port), timeout=5)
    client.sendall(get())
    assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
    started = time.monotonic()
    server.close()
    server.close()
    assert time.monotonic() - started < 1
    assert client.recv(1) == b""
    client.close()
    with mock.serve(port=server.port) as again:
        assert again.port == server.port


def test_where_it_cannot_listen_is_said_plainly(mock: MockSample, server: MockServer) -> None:
    with pytest.raises(ServeError, match=f"port {server.port}: Address already in use"):
        mock.serve(port=server.port)
    for host in ("203.0.113.1", "no host"):
        with pytest.raises(ServeError, match=host):
            mock.serve(host)


def test_a_bug_of_the_mock_is_told_and_logged(
    server: MockServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("sample.mock._journal.Journal.add", lambda *_: 1 // 0)
    assert b"500 Internal Server Error" in talk(server, get(more=BYE))
    assert "ZeroDivisionError" in caplog.text
