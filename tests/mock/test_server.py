"""The TCP server, byte by byte."""

from __future__ import annotations

import json
import re
import time

import pytest
from sample._http import httpx
from sample.mock import MockSample, MockServer, ServeError

from tests.mock._support import PARCELS, connect, talk

HEAD = b"Host: mock\r\nAuthorization: Bearer one\r\nContent-Type: application/json\r\n"
HEADERS = {"Authorization": "Bearer one", "Content-Type": "application/json"}
BYE = b"Connection: close\r\n"
START = b"POST " + PARCELS.encode() + b" HTTP/1.1\r\n" + HEAD
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
HOST = b"GET / HTTP/1.1\r\nHost: a\r\n"


def post(body: bytes = b"{}", more: bytes = b"") -> bytes:
    return START + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


def get(path: str = "", more: bytes = b"", method: bytes = b"GET") -> bytes:
    return method + f" {PARCELS}{path} HTTP/1.1\r\n".encode() + HEAD + more + b"\r\n"


def test_pipelined_requests_are_answered_in_order_on_one_connection(server: MockServer) -> None:
    chunked = START + CHUNKED + b'8\r\n{"isExpr\r\n'
    rest = b'b\r\ness": true}\r\n0\r\n\r\n' + get() + get("/x") + get(method=b"HEAD")
    whole_url = get("", BYE).replace(b"GET /", b"GET http://mock/", 1)
    received = talk(server, chunked, rest + whole_url)
    answers = [one.split(b"\r\n\r\n") for one in received.split(b"HTTP/1.1 ")[1:]]
    assert [head[:3] for head, _ in answers] == [b"201", b"200", b"400", b"405", b"200"]
    assert all(b"\r\ndate: " in head for head, _ in answers)
    (_, created), (_, listed), _, (head, none), (_, again) = answers
    assert json.loads(created)["isExpress"] is True
    assert [one["id"] for one in json.loads(listed)] == [json.loads(created)["id"]]
    assert (none, again) == (b"", listed)
    assert re.search(rb"content-length: [1-9]", head)


def test_an_answer_in_process_has_the_fields_of_one_over_tcp(
    mock: MockSample, server: MockServer
) -> None:
    with httpx.Client(transport=mock.transport()) as inside, httpx.Client() as outside:
        for method, path in (("POST", ""), ("GET", ""), ("GET", "/nobody"), ("HEAD", "")):
            one, other = (
                client.request(method, f"{server.url}/parcels{path}", headers=HEADERS).headers
                for client in (inside, outside)
            )
            assert {**one, "date": other["date"]} == dict(other)
            assert one["content-length"] != "0"


def test_expect_100_continue(server: MockServer) -> None:
    with connect(server) as client:
        client.sendall(post(more=b"Expect: 100-continue\r\n")[:-2])
        assert client.recv(1024).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"{}")
        assert client.recv(65536).startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (post(more=b"Content-Length: 7\r\n"), 400),
        (post(more=b"Transfer-Encoding: gzip\r\n"), 501),
        (HOST + b"X: " + b"x" * 100_000 + b"\r\n\r\n", 431),
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
        with connect(server) as client:
            client.sendall(post()[:cut])
    assert talk(server, get("", BYE)).endswith(b"\r\n\r\n[]")


def test_closing_ends_idle_connections_and_frees_the_port(mock: MockSample) -> None:
    server = mock.serve()
    with connect(server) as client:
        client.sendall(get())
        assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
        started = time.monotonic()
        server.close()
        server.close()
        assert time.monotonic() - started < 1
        assert client.recv(1) == b""
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
    monkeypatch.setattr("sample.mock._journal.Journal.add", lambda *_, **__: 1 // 0)
    assert b"500 Internal Server Error" in talk(server, get(more=BYE))
    assert "ZeroDivisionError" in caplog.text
