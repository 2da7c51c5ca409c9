"""Operations of kinds that Sample's V1 has none of, made by hand, through the pipeline."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from sample import APIStatusError, BadRequestError, ConfigurationError, InvalidResponseError
from sample._core.decode import integer, string
from sample._core.operation import Credential, Operation, Request, Status
from sample._core.parsers import ResponseParser, empty_parser, json_parser
from sample.types import UNSET, RequestFiles, Response

from tests.unit._support import Script

KEY = "unit-key-of-others"


def operation(
    method: str = "GET", responses: dict[Status, ResponseParser[Any]] | None = None, **more: Any
) -> Operation[Any]:
    responses = {200: json_parser(string)} if responses is None else responses
    return Operation(
        id="other",
        method=method,
        path="/others",
        resource="others",
        method_name="other",
        repeatable=True,
        responses=responses,
        errors={},
        **more,
    )


def run(script: Script, asked: Operation[Any], request: Request | None = None) -> Response[Any]:
    with script.client(KEY) as client:
        return client.pipeline.run(
            asked, request or Request("/others"), timeout=UNSET, max_attempts=UNSET
        )


def test_without_a_credential_no_key_is_sent() -> None:
    script = Script((200, "yes"))
    assert run(script, operation()).parsed == "yes"
    assert KEY not in str(script.requests[0].headers.raw)


def test_without_a_credential_no_key_is_asked_for() -> None:
    script = Script((200, "yes"))
    with script.client(lambda: pytest.fail("asked")) as client:
        client.pipeline.run(operation(), Request("/others"), timeout=UNSET, max_attempts=UNSET)


def test_with_a_credential_and_no_key_it_is_told_which_variable_to_set() -> None:
    script = Script((200, "yes"))
    with script.client(KEY) as client:
        pipeline = client.pipeline.with_settings(evolve(client.pipeline.settings, key=None))
        with pytest.raises(ConfigurationError, match="SAMPLE_API_KEY"):
            pipeline.run(
                operation(credential=Credential("X-Api-Key")),
                Request("/others"),
                timeout=UNSET,
                max_attempts=UNSET,
            )
    assert script.requests == []


def test_without_a_credential_an_error_is_told_as_it_is() -> None:
    with pytest.raises(BadRequestError) as caught:
        run(Script((400, {"error": "said"}, {"x-request-id": "abc-1"})), operation())
    assert (caught.value.error, caught.value.request_id) == ("said", "abc-1")


def test_a_key_without_a_scheme_stands_alone() -> None:
    script = Script((200, "yes"))
    run(script, operation(credential=Credential("X-Api-Key")))
    (request,) = script.requests
    assert request.headers["X-Api-Key"] == KEY
    assert "Authorization" not in request.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_nothing_to_say_is_an_empty_object(method: str) -> None:
    script = Script((200, "yes"))
    run(script, operation(method))
    assert script.requests[0].content == b"{}"


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD"])
def test_what_takes_no_body_is_sent_none(method: str) -> None:
    script = Script((200, "yes"))
    run(script, operation(method))
    assert script.requests[0].content == b""


def test_nothing_to_say_in_another_type_is_no_body() -> None:
    script = Script((200, "yes"))
    run(script, operation("POST"), Request("/others", content_type="text/plain"))
    (request,) = script.requests
    assert (request.content, request.headers["Content-Type"]) == (b"", "text/plain")


def test_a_service_without_a_type_sends_none() -> None:
    script = Script((200, "yes"))
    with script.client(KEY) as client:
        settings = client.pipeline.settings
        service = evolve(settings.service, content_type=None)
        pipeline = client.pipeline.with_settings(evolve(settings, service=service))
        pipeline.run(operation("POST"), Request("/others"), timeout=UNSET, max_attempts=UNSET)
    (request,) = script.requests
    assert (request.content, "Content-Type" in request.headers) == (b"", False)


def test_files_are_sent_as_a_form() -> None:
    script = Script((200, "yes"))
    files: RequestFiles = [("notes", ("a.txt", b"what it holds", "text/plain"))]
    run(script, operation("POST"), Request("/others", files=files))
    (request,) = script.requests
    assert request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="notes"; filename="a.txt"' in request.content
    assert b"what it holds" in request.content


@pytest.mark.parametrize("documented", [300, 304, 399, "3XX"])
def test_a_redirect_that_is_documented_is_an_answer(documented: Status) -> None:
    status = documented if isinstance(documented, int) else 307
    response = run(Script((status, b"")), operation(responses={documented: empty_parser}))
    assert (response.status_code, response.parsed) == (status, None)


@pytest.mark.parametrize("status", [300, 303, 307, 400, 404])
def test_others_stay_errors(status: int) -> None:
    with pytest.raises(APIStatusError) as caught:
        run(Script((status, b"")), operation(responses={304: empty_parser}))
    assert caught.value.status_code == status


def test_each_documented_status_has_its_own_body() -> None:
    asked = operation(responses={200: json_parser(string), 202: json_parser(integer)})
    assert run(Script((200, "yes")), asked).parsed == "yes"
    assert run(Script((202, 7)), asked).parsed == 7
    with pytest.raises(InvalidResponseError, match="has to be integer, and is string"):
        run(Script((202, "yes")), asked)


def test_a_status_that_is_not_documented_may_have_any_documented_body() -> None:
    asked = operation(responses={200: json_parser(string), 202: json_parser(integer)})
    assert run(Script((201, "yes")), asked).parsed == "yes"
    assert run(Script((201, 7)), asked).parsed == 7
    with pytest.raises(InvalidResponseError, match="has to be string, and is array"):
        run(Script((201, [])), asked)


def test_a_success_of_which_nothing_is_documented_is_told_as_that() -> None:
    with pytest.raises(InvalidResponseError) as caught:
        run(Script((200, "yes")), operation(responses={}))
    assert "was answered 200 OK, but the body is not a documented answer." in str(caught.value)
