"""The mock of V1: what its document says of itself, and callers that nobody here wrote."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from portal_v1.mock import MockPortal, Rule
from portal_v1.mock.__main__ import main

NODE = shutil.which("node")


@pytest.fixture
def mock() -> Iterator[MockPortal]:
    with MockPortal() as running:
        yield running


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
def test_the_vendors_example_server_gets_along_with_it(mock: MockPortal) -> None:
    script = Path(__file__).with_name("example_server.cjs")
    with mock.serve() as server:
        done = subprocess.run(
            [str(NODE), str(script), server.url, "mock-api-key"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    statuses = [reply["status"] for reply in replies]
    assert statuses == [201] * 4 + [200] * 5 + [400]
    found = {reply["name"]: reply["answer"] for reply in replies}
    assert found["create abstracted"]["isAccountAbstracted"] is True
    assert found["create without a body"]["isAccountAbstracted"] is False
    assert found["list"][-1]["id"] == found["get"]["id"] == found["otp"]["id"]
    assert mock.redeem_otp(found["otp"]["otp"]) == found["get"]["id"]
    assert found["get nobody"]["error"] == "Client not found"
    told = [entry.strict_problem for entry in mock.calls()]
    assert [number for number, one in enumerate(told) if one is None] == [0, 1, 6, 9]
    assert told[3] == "request body: keys that are not documented: 'userId', 'walletName'"


def test_a_strict_one_takes_what_the_client_sends_and_refuses_the_rest() -> None:
    with MockPortal(strict=True) as mock:
        portal: Any = mock.client()
        made = portal.clients.create()
        assert portal.clients.refresh_session(made.id).id == portal.clients.get(made.id).id
        head = [("Authorization", "Bearer mock-api-key")]
        typed = [*head, ("Content-Type", "application/json")]
        for headers, body in ((head, b"{}"), (head, b""), (typed, b'{"userId": "one"}')):
            assert mock.handle("POST", "/api/v1/custodians/clients", headers, body).status == 400
        assert len(portal.clients.list()) == 1


def test_a_wallet_takes_the_vendors_steps(mock: MockPortal) -> None:
    portal: Any = mock.client()
    made = portal.clients.create()
    steps: list[tuple[str | None, str | None]] = []
    while not steps or mock.advance_client(made.id):
        (one,) = portal.clients.list()
        steps.append((one.backup_status, one.signing_status))
    assert steps == [
        (None, None),
        ("STORED_CUSTODIAN_BACKUP_SHARE", "INCOMPLETE"),
        ("STORED_CLIENT_BACKUP_SHARE_KEY", "STORED_DATABASE"),
        ("STORED_CLIENT_BACKUP_SHARE", "STORED_CLIENT"),
    ]
    assert re.fullmatch("0x[0-9a-f]{40}", str(portal.clients.get(made.id).address))
    mock.seed_clients(4, has_wallet=True)
    seeded = portal.clients.list()[1:]
    assert len({one.address for one in seeded}) == len({one.backup_status for one in seeded}) + 1
    with pytest.raises(LookupError, match="no client 'nobody'"):
        mock.advance_client("nobody")


def test_an_answer_has_what_the_vendors_types_show_beside_the_page(mock: MockPortal) -> None:
    portal: Any = mock.client()
    made = portal.clients.create()
    more = ["custodian", "environment", "ejectedAt"]
    with mock.fault("extra_field"):
        assert portal.clients.get(made.id).additional_keys == more
        assert [one.additional_keys for one in portal.clients.list()] == [more]
        assert portal.clients.generate_web_otp(made.id).additional_keys == ["undocumented"]
    assert portal.clients.get(made.id).additional_keys == []


def test_each_rule_says_how_it_is_known(
    mock: MockPortal, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = {rule.name: rule for rule in mock.rules}
    assert len(rules) == len(mock.rules) > 20
    assert {rule.basis for rule in mock.rules} == {"documented", "assumed", "observed"}
    source = "V1 endpoints and the guides; an older page of V3 has POST on this path"
    one = Rule("web-otp-is-get", "documented", "The method is GET.", source)
    assert rules[one.name] == one
    assert main(["--rules"]) == 0
    told = f"{one.name}\n  documented: The method is GET.\n  source: {source}\n"
    assert told in capsys.readouterr().out
