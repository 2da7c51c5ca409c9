"""What is counted, and does not shake: function calls, imported modules. `make bench` has times."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from portal_v1 import Portal
from portal_v1._http import httpx
from portal_v1.mock import MockPortal


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with MockPortal() as mock, mock.serve() as server:
        mock.seed_clients(1000, has_wallet=True)
        yield server.url


def count(call: Callable[[], Any]) -> int:
    """Return how many function calls one call takes, once everything is warm."""
    for _ in range(3):
        call()
    calls = 0

    def note(_frame: Any, event: str, _of: Any) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(note)  # of this thread alone, as cProfile is until Python 3.11
    try:
        call()
    finally:
        sys.setprofile(None)
    return calls


def test_the_function_calls_of_a_create_and_of_a_list(url: str) -> None:
    portal: Any
    with Portal("mock-api-key", base_url=url) as portal:
        created = count(lambda: portal.clients.create(is_account_abstracted=True))
        listed = count(portal.clients.list)
    assert created <= 1_100, "see what calls more than before: python -m cProfile"
    assert listed <= 5_000


def loaded(program: str) -> set[str]:
    """Return what a new process has imported once it has run a program."""
    end = "import json, sys; print(json.dumps([*sys.modules]))"
    command = [sys.executable, "-c", f"{program}\n{end}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {*json.loads(done.stdout.splitlines()[-1])}


def own(modules: set[str]) -> set[str]:
    return {name.removeprefix("portal_v1.") for name in modules if name.startswith("portal_v1.")}


def test_an_import_loads_nothing_that_is_not_used() -> None:
    modules = loaded("import portal_v1")
    assert own(modules) == {"_lazy"}
    assert not {httpx.__name__, "asyncio", "attrs"} & modules
    assert not {httpx.__name__, "asyncio"} & loaded("from portal_v1 import Portal, PortalError")


def test_a_call_loads_its_own_operation_and_nothing_of_event_loops(url: str) -> None:
    modules = loaded(
        f"from portal_v1 import Portal\nPortal('mock-api-key', base_url={url!r}).clients.list()"
    )
    assert "asyncio" not in modules
    assert not [name for name in own(modules) if "async" in name]
    assert {name for name in own(modules) if name.startswith("api.clients.")} == {
        "api.clients.list_clients"
    }
