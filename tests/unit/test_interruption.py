"""Tracebacks have no secret in a local variable of the package, and all of the caller's."""

from __future__ import annotations

import json

import pytest
from sample import InvalidResponseError

from tests.unit._support import CREATED, KEY, SECRET, Script, call, shown

MARKS = (KEY, SECRET, CREATED["labelToken"])


class Interrupt(BaseException):
    """What a signal handler raises."""


def test_an_error_of_the_package_holds_no_secret_in_a_local_variable(kind: str) -> None:
    body = json.dumps({**CREATED, "isExpress": "yes"}).encode()
    with pytest.raises(InvalidResponseError) as caught:
        call(kind, Script((201, body)), "create")
    assert not [mark for mark in MARKS if mark in shown(caught.value)]


def test_a_callers_own_frames_stay_as_they_are(kind: str) -> None:
    def key() -> str:
        vault = "sealed"
        raise Interrupt(vault)

    with pytest.raises(Interrupt) as caught:
        call(kind, Script((201, CREATED)), "create", api_key=key)
    trace_of_key = caught.tb
    while trace_of_key.tb_next is not None:
        trace_of_key = trace_of_key.tb_next
    assert trace_of_key.tb_frame.f_locals == {"vault": "sealed"}
