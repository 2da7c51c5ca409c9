"""make verify-live: what it finds in answers, and what of them it keeps to itself."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import portal_v1.api.clients.list_clients
import portal_v1.models
import pytest
import verification.cli
from portal_v1._document import load_document
from portal_v1.mock import Answer, MockPortal

from tests.contract._live_support import (
    CLIENTS,
    KEY,
    ORDER,
    PROBES,
    UNKNOWN_ID,
    UNKNOWN_KEY,
    Altered,
    Run,
    altered,
    called,
    is_get_client,
    leave_out,
    plain,
    secret_names,
    unchanged,
    verify,
    with_json,
)


@pytest.fixture
def mock() -> Iterator[MockPortal]:
    with MockPortal(api_keys=[KEY]) as running:
        yield running


@pytest.fixture
def url(mock: MockPortal) -> str:
    return mock.serve().url


class TestDeviationsOfFields:
    def test_a_wrong_type_is_found_and_the_run_goes_on(self, mock: MockPortal, url: str) -> None:
        mock.fault("wrong_type", "createClient", path="$.isAccountAbstracted")
        run = verify(url)
        assert run.code == 1
        assert called(mock) == ORDER + PROBES
        assert run.row("$.isAccountAbstracted", "createClient") == (
            "DIFFERS $.isAccountAbstracted boolean array array, which is not documented"
        )
        assert run.row("client", "createClient") == (
            "note client InvalidResponseError it refused the answer"
        )
        assert "  createClient: $.isAccountAbstracted: array, which is not documented" in run.out

    def test_a_missing_field(self, mock: MockPortal, url: str) -> None:
        mock.fault("missing_field", "generateClientWebOtp", path="$.otp")
        run = verify(url)
        assert run.code == 1
        assert run.row("$.otp", "generateClientWebOtp") == (
            "DIFFERS $.otp string, secret nothing missing"
        )

    @pytest.mark.parametrize(
        ("fault", "said"),
        [
            ("missing_field", "its answer has no $response.body#/id."),
            ("wrong_type", "$response.body#/id is object in its answer."),
        ],
    )
    def test_without_the_id_what_it_feeds_is_not_called(
        self, mock: MockPortal, url: str, fault: str, said: str
    ) -> None:
        mock.fault(fault, "createClient", path="$.id")
        run = verify(url)
        assert run.code == 1
        assert called(mock) == [*ORDER[:2], *PROBES]
        for operation in ORDER[2:]:
            assert f"not called  createClient does not feed it: {said}" in run.table(operation)
            assert f"  {operation}: not called. " in run.out

    def test_null_where_it_is_not_documented(self, mock: MockPortal) -> None:
        def nulled(method: str, path: str, answer: Answer) -> Answer:
            if path.endswith("/session"):
                return with_json(answer, lambda body: {**body, "clientSessionToken": None})
            return answer

        with altered(mock, nulled) as server:
            run = verify(server.url)
        assert run.code == 1
        assert run.row("$.clientSessionToken", "refreshClientSession") == (
            "DIFFERS $.clientSessionToken string, secret null null, which is not documented"
        )

    def test_what_is_not_documented_is_told_by_name_and_type(self, mock: MockPortal) -> None:
        more = {
            "createdAt": "the-value-of-createdAt",
            "wallet": {"chain": "the-value-of-chain", "shares": [1, 2, "the-value-of-share"]},
        }

        def with_more(method: str, path: str, answer: Answer) -> Answer:
            if is_get_client(method, path) and answer.status == 200:
                return with_json(answer, lambda body: {**body, **more})
            return answer

        with altered(mock, with_more) as server:
            run = verify(server.url)
        assert run.code == 1
        assert run.row("$.createdAt", "getClient") == (
            "DIFFERS $.createdAt nothing string not documented"
        )
        wallet = run.row("$.wallet", "getClient")
        assert "{chain: string, shares: [2 of integer, 1 of string]}" in wallet
        assert run.row("client", "getClient") == "ok client read"
        assert "the-value-of" not in run.out + run.err

    def test_of_a_list_all_items_are_summed_up(self, mock: MockPortal) -> None:
        mock.seed_clients(9, api_key=KEY, has_wallet=True)

        def varied(method: str, path: str, answer: Answer) -> Answer:
            if not (method == "GET" and path == CLIENTS and answer.status == 200):
                return answer
            return with_json(answer, lambda body: [*map(vary, range(len(body)), body)])

        def vary(number: int, item: dict[str, Any]) -> dict[str, Any]:
            if number < 2:
                return {**item, "environment": "the-value-of-environment"}
            if number == 2:
                return leave_out(item, "id")
            return {**item, "clientApiKey": None} if number == 3 else item

        with altered(mock, varied) as server:
            run = verify(server.url)
        assert run.code == 1
        assert run.row("$[].address", "listClients") == (
            "note $[].address string or null, optional string (9), null (1) null in 1 of 10"
        )
        assert run.row("$[].id", "listClients") == (
            "DIFFERS $[].id string string missing in 1 of 10"
        )
        assert run.row("$[].environment", "listClients") == (
            "DIFFERS $[].environment nothing string not documented in 2 of 10"
        )
        assert run.row("$[].clientApiKey", "listClients").endswith(
            "null, which is not documented in 1 of 10"
        )
        table = run.table("listClients")
        assert "0x" not in table
        assert "the-value-of" not in run.out


class TestDeviationsOfTheWhole:
    def test_html(self, mock: MockPortal) -> None:
        page = plain(200, b"<html>the-value-of-html</html>", "text/html; charset=utf-8")

        def answer_html(method: str, path: str, answer: Answer) -> Answer:
            return page if method == "GET" and path == CLIENTS else answer

        with altered(mock, answer_html) as server:
            run = verify(server.url)
        assert run.code == 1
        assert run.row("content type", "listClients") == (
            "DIFFERS content type application/json text/html; charset=utf-8 not documented"
        )
        assert run.row("body", "listClients") == "DIFFERS body JSON 30 bytes, text/html not JSON"
        assert "the-value-of" not in run.out + run.err
        assert run.row("status", "getClient") == "ok status 200, 400, 401, 429 200"

    def test_html_to_everything(self, mock: MockPortal) -> None:
        page = plain(502, b"<html></html>", "text/html")
        with altered(mock, lambda *_: page) as server:
            run = verify(server.url)
        assert run.code == 1
        assert run.err == ""
        assert run.row("status", "createClient") == (
            "DIFFERS status 201, 400, 401, 429 502 not documented"
        )
        assert "createClient does not feed it: its answer was 502." in run.table("getClient")

    def test_another_content_type_does_not_keep_the_body_from_being_compared(
        self, mock: MockPortal
    ) -> None:
        def as_text(method: str, path: str, answer: Answer) -> Answer:
            return answer._replace(headers=[("content-type", "text/plain")])

        with altered(mock, as_text) as server:
            run = verify(server.url)
        assert run.code == 1
        assert called(mock) == ORDER + PROBES
        assert run.row("content type", "getClient").endswith("text/plain not documented")
        assert run.row("$.isAccountAbstracted", "getClient").startswith("ok ")

    def test_no_content_type(self, mock: MockPortal) -> None:
        with altered(mock, lambda _m, _p, answer: answer._replace(headers=[])) as server:
            run = verify(server.url)
        assert run.code == 1
        assert run.row("content type", "createClient").endswith("none missing")

    def test_another_success_than_the_documented_one(self, mock: MockPortal) -> None:
        with altered(
            mock, lambda _m, _p, one: one._replace(status=200) if one.status == 201 else one
        ) as server:
            run = verify(server.url)
        assert run.code == 1
        assert called(mock) == ORDER + PROBES
        assert run.row("status", "createClient") == (
            "DIFFERS status 201, 400, 401, 429 200 not documented"
        )
        assert run.row("$.id", "createClient").startswith("ok ")

    def test_an_undocumented_status(self, mock: MockPortal, url: str) -> None:
        mock.fault("undocumented_status", "refreshClientSession", status=418)
        run = verify(url)
        assert run.code == 1
        assert run.row("status", "refreshClientSession").endswith("418 not documented")
        assert run.row("body", "refreshClientSession") == "ok body 34 bytes, text/plain"

    def test_too_many_requests(self, mock: MockPortal, url: str) -> None:
        mock.fault("rate_limited", "listClients", times=1, retry_after=4321)
        run = verify(url)
        assert run.code == 1
        assert called(mock) == ORDER + PROBES  # it is not sent again
        assert run.row("status", "listClients") == (
            "DIFFERS status 200, 400, 401, 429 429 documented, but a success was expected"
        )
        assert run.row("header Retry-After", "listClients").startswith("ok ")
        assert "4321" not in run.out
        assert run.row("client", "listClients") == "ok client RateLimitError"

    def test_a_documented_header_that_is_absent(self, mock: MockPortal) -> None:
        limited = Answer(429, [("content-type", "application/json")], b"{}")

        def limit(method: str, path: str, answer: Answer) -> Answer:
            return limited if method == "GET" and path == CLIENTS else answer

        with altered(mock, limit) as server:
            run = verify(server.url)
        assert run.row("header Retry-After", "listClients") == (
            "note header Retry-After optional nothing absent"
        )

    def test_malformed_json(self, mock: MockPortal, url: str) -> None:
        mock.fault("malformed_json", "createClient")
        run = verify(url)
        assert run.code == 1
        assert run.row("body", "createClient").endswith("not JSON")
        assert "createClient does not feed it: its answer is not JSON." in run.table("getClient")
        assert run.row("status", "listClients").startswith("ok ")
        assert KEY not in run.out

    def test_a_time_out_is_told_where_it_happened(self, mock: MockPortal, url: str) -> None:
        mock.fault("latency", "getClient", seconds=0.6, times=1)
        run = verify(url, "--timeout", "0.3")
        assert run.code == 1
        assert run.row("answer", "getClient").startswith("DIFFERS answer none APITimeoutError: ")
        assert run.row("status", "generateClientWebOtp").startswith("ok ")

    def test_a_create_that_times_out(self, mock: MockPortal, url: str) -> None:
        mock.fault("latency", "createClient", seconds=0.6)
        run = verify(url, "--timeout", "0.3")
        assert run.code == 1
        assert "createClient may have created something all the same." in run.out
        assert "createClient does not feed it: it gave no answer." in run.table("getClient")

    def test_a_body_that_breaks_off(self, mock: MockPortal, url: str) -> None:
        mock.fault("truncated_body", "listClients")
        run = verify(url, "--skip-probes")
        assert run.code == 1
        assert "APIConnectionError" in run.row("answer", "listClients")
        assert "Traceback" not in run.out + run.err


class TestTheOpenQuestions:
    def test_an_unknown_id_of_the_same_form_is_asked_for(self, mock: MockPortal) -> None:
        with altered(mock, unchanged) as server:
            verify(server.url)
        made = json.loads(server.answers[0])["id"]
        method, path, headers = server.requests[5]
        asked = path.rpartition("/")[2]
        assert method == "GET"
        assert asked != made
        assert re.sub(r"\d", "0", re.sub("[a-z]", "a", asked)) == re.sub(
            r"\d", "0", re.sub("[a-z]", "a", made)
        )
        assert headers["authorization"] == f"Bearer {KEY}"
        assert "authorization" in server.requests[6][2]
        assert KEY not in server.requests[6][2]["authorization"]

    def test_the_words_of_the_server_are_shown(self, url: str) -> None:
        run = verify(url)
        assert run.row("$.error", "getClient", UNKNOWN_ID).endswith('string "Client not found"')
        assert run.row("status", "getClient", UNKNOWN_ID) == "ok status 200, 400, 401, 429 400"
        assert run.row("status", "listClients", UNKNOWN_KEY) == "ok status 200, 400, 401, 429 401"

    def test_another_answer_than_the_documented_one(self, mock: MockPortal) -> None:
        def not_found(method: str, path: str, answer: Answer) -> Answer:
            return answer._replace(status=404) if answer.status == 400 else answer

        with altered(mock, not_found) as server:
            run = verify(server.url)
        assert run.code == 1
        assert run.row("status", "getClient", UNKNOWN_ID).endswith("404 not documented")
        assert run.row("body", "getClient", UNKNOWN_ID) == "ok body {error: string}"

    def test_a_server_that_takes_every_key(self) -> None:
        with MockPortal() as mock:
            mock.seed_clients(3, api_key="a-key-that-no-server-knows", has_wallet=True)
            run = verify(mock.serve().url)
        assert run.code == 1
        assert run.row("status", "listClients", UNKNOWN_KEY).endswith(
            "documented, but it has to be refused as a key that is not known"
        )
        assert "0x" not in run.table("listClients", UNKNOWN_KEY)

    def test_a_server_that_knows_every_id_shows_no_values(self, mock: MockPortal) -> None:
        body = {"id": "the-value-of-id", "clientApiKey": "secret-of-another"}

        def known(method: str, path: str, answer: Answer) -> Answer:
            if not is_get_client(method, path) or answer.status == 200:
                return answer
            return plain(200, json.dumps(body).encode(), "application/json")

        with altered(mock, known) as server:
            run = verify(server.url)
        assert run.code == 1
        assert run.row("status", "getClient", UNKNOWN_ID).endswith("a refusal was expected")
        assert run.row("$.id", "getClient", UNKNOWN_ID) == "ok $.id string string"
        assert "the-value-of" not in run.out
        assert "secret-of-another" not in run.out

    def test_they_can_be_left_out(self, mock: MockPortal, url: str) -> None:
        run = verify(url, "--skip-probes")
        assert run.code == 0
        assert called(mock) == ORDER
        assert "Open question" not in run.out
        assert UNKNOWN_ID not in run.out


class TestSecrets:
    def test_none_is_shown_whatever_is_answered(self, mock: MockPortal) -> None:
        mock.seed_clients(3, api_key=KEY)
        with altered(mock, unchanged) as server:
            run = verify(server.url)
        assert_quiet(run, server)
        assert run.row("$.otp", "generateClientWebOtp") == "ok $.otp string, secret string ***"

    def test_none_is_shown_where_a_server_repeats_them(self, mock: MockPortal) -> None:
        tokens: list[str] = []

        def gossip(method: str, path: str, answer: Answer) -> Answer:
            body = json.loads(answer.content)
            if answer.status == 201:
                tokens.append(body["clientSessionToken"])
            if answer.status >= 400:
                text = f"not you, {KEY}, nor {tokens[0]}"
                return with_json(answer, lambda _: {"error": text, KEY: tokens[0]})
            if is_get_client(method, path):
                return with_json(answer, lambda it: {**it, "address": f"{tokens[0]} {KEY}"})
            headers = [("content-type", f"application/json; key={KEY}"), ("x-request-id", KEY)]
            return answer._replace(headers=headers)

        with altered(mock, gossip) as server:
            run = verify(server.url)
        assert run.code == 1
        assert_quiet(run, server, {tokens[0]})
        assert 'string "not you, ***, nor ***"' in run.row("$.error", "getClient", UNKNOWN_ID)

    def test_none_is_shown_where_the_answer_is_refused(self, mock: MockPortal) -> None:
        def spoilt(method: str, path: str, answer: Answer) -> Answer:
            if answer.status >= 400 or (method == "GET" and path == CLIENTS):
                return answer
            return with_json(answer, lambda body: {**body, "isAccountAbstracted": "yes"})

        with altered(mock, spoilt) as server:
            run = verify(server.url)
        assert run.code == 1
        assert_quiet(run, server)


def assert_quiet(run: Run, server: Altered, more: frozenset[str] | set[str] = frozenset()) -> None:
    secrets = server.secrets(secret_names()) | {KEY} | more
    assert len(secrets) >= 4  # the key, the client's key, its tokens, its OTP
    assert [one for one in secrets if one in run.out + run.err] == []


class TestTheClient:
    """What it is compared with is swapped: so the client and the document are at odds."""

    @pytest.fixture
    def document(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        document = copy.deepcopy(load_document())
        monkeypatch.setattr(verification.cli, "load_document", lambda: document)
        return document

    def test_it_refuses_what_is_documented(
        self, mock: MockPortal, document: dict[str, Any]
    ) -> None:
        fields = document["components"]["schemas"]["ClientSession"]["properties"]
        fields["isAccountAbstracted"]["type"] = ["boolean", "null"]

        def nulled(method: str, path: str, answer: Answer) -> Answer:
            if path.endswith("/session"):
                return with_json(answer, lambda body: {**body, "isAccountAbstracted": None})
            return answer

        with altered(mock, nulled) as server:
            run = verify(server.url)
        assert run.code == 1
        assert run.row("$.isAccountAbstracted", "refreshClientSession").startswith("note ")
        assert run.row("client", "refreshClientSession") == (
            "DIFFERS client InvalidResponseError it refused what is documented"
        )

    def test_it_takes_what_is_not_documented(self, url: str, document: dict[str, Any]) -> None:
        document["components"]["schemas"]["ClientWebOtp"]["required"].append("expiresAt")
        run = verify(url)
        assert run.code == 1
        assert run.row("$.expiresAt", "generateClientWebOtp").endswith("missing")
        assert run.row("client", "generateClientWebOtp") == (
            "DIFFERS client read it took what is not documented"
        )

    def test_an_operation_that_it_does_not_have(self, url: str, document: dict[str, Any]) -> None:
        item = document["paths"]["/custodians/clients"]
        item["put"] = {**item["get"], "operationId": "replaceClients"}
        run = verify(url)
        assert run.code == 1
        assert "The generated client does not have it." in run.table("replaceClients")

    def test_it_loses_a_field(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        to_dict = portal_v1.models.Client.to_dict

        def forgetful(self: portal_v1.models.Client) -> dict[str, Any]:
            return leave_out(to_dict(self), "isAccountAbstracted")

        monkeypatch.setattr(portal_v1.models.Client, "to_dict", forgetful)
        run = verify(url)
        assert run.code == 1
        assert run.row("client", "getClient") == (
            "DIFFERS client read it lost $.isAccountAbstracted"
        )

    def test_it_raises_what_is_none_of_its_errors(
        self, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(**_: object) -> None:
            raise TypeError("the-value-of-something")

        monkeypatch.setattr(portal_v1.api.clients.list_clients, "sync_detailed", fail)
        run = verify(url, "--skip-probes")
        assert run.code == 1
        assert run.row("answer", "listClients") == (
            "DIFFERS answer none the client raised TypeError, which is none of its errors"
        )
        assert "the-value-of" not in run.out + run.err

    def test_a_rule_beyond_types(self, url: str, document: dict[str, Any]) -> None:
        schema = document["components"]["schemas"]["ClientSession"]["properties"]["id"]
        schema["maxLength"] = 3
        run = verify(url)
        assert run.code == 1
        assert run.row("$.id", "refreshClientSession").startswith("ok ")
        assert "rule maxLength" in run.table("refreshClientSession")
