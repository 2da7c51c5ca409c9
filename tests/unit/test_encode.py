from __future__ import annotations

from typing import Any

import pytest
from portal_v1 import InvalidRequestError, PortalError

from tests.unit._support import Script, call

SEGMENTS_REFUSED: list[Any] = [
    "",
    ".",
    "..",
    "/",
    "a/b",
    "../clients",
    "a\\b",
    "\x00",
    "a\nb",
    "a\x1f",
    "\x7f",
    "\x85",
    "\ud800",
    None,
    42,
    True,
    1.5,
    b"client-1",
    ["client-1"],
]
SEGMENTS_TAKEN = {
    "client-1": "client-1",
    "...": "...",
    "a.b": "a.b",
    "a b": "a%20b",
    "%2e%2e": "%252e%252e",
    "%2F": "%252F",
    "a?b=c": "a%3Fb%3Dc",
    "a#b": "a%23b",
    "a;b": "a%3Bb",
    "é": "%C3%A9",
    "日本": "%E6%97%A5%E6%9C%AC",
    "😀": "%F0%9F%98%80",
    "~a_b-c": "~a_b-c",
}
WITH_ID = ["get", "refresh_session", "generate_web_otp"]


@pytest.mark.parametrize("method", WITH_ID)
class TestPathSegment:
    @pytest.mark.parametrize("client_id", SEGMENTS_REFUSED, ids=ascii)
    def test_what_cannot_be_one_is_not_sent(self, kind: str, method: str, client_id: Any) -> None:
        script = Script((200, {}))
        with pytest.raises(InvalidRequestError, match="client_id") as caught:
            call(kind, script, method, client_id)
        assert isinstance(caught.value, PortalError)
        assert caught.value.maybe_processed is False
        assert script.requests == []

    @pytest.mark.parametrize("client_id", SEGMENTS_TAKEN, ids=ascii)
    def test_what_can_be_one_stays_one(self, kind: str, method: str, client_id: str) -> None:
        script = Script((404, {"error": "no"}))
        with pytest.raises(PortalError):
            call(kind, script, method, client_id)
        (request,) = script.requests
        path = request.url.raw_path.decode()
        prefix = "/api/v1/custodians/clients/"
        assert path.startswith(prefix)
        assert path.removeprefix(prefix).split("/")[0] == SEGMENTS_TAKEN[client_id]
