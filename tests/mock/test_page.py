"""The mock's page in headless Chromium, as a person uses it."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sample import Sample, ServerError
from sample.mock import MockSample, MockServer

from tests.mock._browser import open_browser
from tests.mock._support import KEY, ask

Opened = tuple[Page, list[str]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Opened]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def page(browser: Opened, server: MockServer) -> Iterator[Page]:
    """The page, which has asked for everything once, and in which nothing goes wrong."""
    page, problems = browser
    page.goto(str(server.page_url))
    expect(page.locator("#now")).not_to_be_empty()
    yield page
    page.goto("about:blank")
    assert [one for one in problems if "status of 400" not in one] == []
    problems.clear()


def set_fault(page: Page, name: str, **settings: str) -> None:
    page.locator("#kind").select_option(name)
    page.locator("#operation").select_option("createParcel")
    for label, value in settings.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Set fault").click()


def test_a_fault_is_set_strikes_is_seen_and_removed(
    page: Page, mock: MockSample, server: MockServer
) -> None:
    set_fault(page, "wrong_type")
    expect(page.get_by_role("alert")).to_contain_text('"path" is a required')
    now = str(page.locator("#now").text_content())
    expect(page.locator("#now")).not_to_have_text(now)  # it has asked again
    expect(page.get_by_role("alert")).to_contain_text('"path" is a required')
    set_fault(page, "server_error", status="502")
    expect(page.locator("#faults code")).to_have_text("server_error")
    expect(page.get_by_role("alert")).to_be_empty()
    with Sample("one", base_url=server.url, max_attempts=1) as portal:
        with pytest.raises(ServerError) as caught:
            portal.parcels.create()
        assert caught.value.status_code == 502
        expect(page.locator("#journal .status")).to_have_text("502")
        for text in ("createParcel", "fault: server_error"):
            expect(page.locator("#journal .call")).to_contain_text(text)
        copied = {"fault": "server_error", "operation": "createParcel", "status": 502}
        assert page.evaluate("order()") == copied
        page.get_by_role("button", name="Remove").click()
        expect(page.locator("#faults")).to_have_text("None is set.")
        created = portal.parcels.create()
    expect(page.locator("#clients")).to_contain_text(created.id)
    assert mock.faults == ()


def test_the_clock_is_moved_and_nothing_is_taken_from_under_the_users_hands(
    page: Page, mock: MockSample
) -> None:
    fault = mock.fault("latency", seconds=0)
    created = mock.client().parcels.create()
    custodians = page.locator("#clients details")
    expect(custodians).to_contain_text(created.id)
    assert created.pickup_code not in page.content()
    page.get_by_role("button", name="+24 h").click()
    expect(page.locator("#now")).to_contain_text("86400 s")
    assert not mock.session_is_live(created.label_token)
    custodians.locator("summary").click()
    page.get_by_role("button", name="Remove").focus()
    mock.client("another").parcels.create()
    expect(custodians).to_have_count(2)
    expect(page.locator("#faults")).to_contain_text(f"struck {fault.struck}")
    expect(custodians.first).not_to_have_attribute("open", "")
    expect(page.get_by_role("button", name="Remove")).to_be_focused()


def test_what_a_client_sends_becomes_no_markup_and_fits_on_a_phone(
    page: Page, mock: MockSample
) -> None:
    evil = "<img src=x onerror=window.hit=1><script>window.hit=1</script>" + "x" * 300
    ask(mock, "POST", f"/v1/parcels?q={evil}", json.dumps({"isExpress": evil, evil: 1}).encode())
    ask(mock, "GET", f"/{evil}")
    ask(mock, "GET", "/v1/parcels/" + evil.replace("/", "%2F"))
    expect(page.locator("#journal .call")).to_have_count(3)
    expect(page.locator("#journal")).to_contain_text("<img src=x")
    expect(page.locator("#journal img, #journal script")).to_have_count(0)
    assert page.evaluate("window.hit === undefined")
    page.set_viewport_size({"width": 360, "height": 740})  # a phone
    for call in page.locator("#journal .call").all():
        call.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_an_empty_page_says_what_to_do_and_a_full_one_is_filtered(
    page: Page, mock: MockSample
) -> None:
    command = page.locator("#journal pre").text_content()
    subprocess.run(shlex.split(f"{command} --noproxy '*' -sf"), check=True, timeout=20)
    mock.fault("server_error", times=1)
    for status, target in ((503, "/v1/parcels"), (404, "/v1/nothing")):
        assert ask(mock, "GET", target, headers=(KEY,)).status == status
    calls = page.locator("#journal .call")
    expect(calls.first).to_be_visible()
    expect(page.get_by_text("A strict mock refuses it: Content-Type")).to_be_visible()
    for text, count in (("get list", 2), ("list 503", 1), ("POST", 0), ("failed", 2), ("", 3)):
        page.get_by_label("Filter requests").fill(text)
        expect(calls).to_have_count(count)
    mock.reset()
    expect(page.locator("#journal")).to_contain_text("No request yet")
