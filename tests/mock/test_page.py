"""The mock's page in headless Chromium, as a person uses it."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator

import pytest
from sample import Sample, ServerError
from sample.mock import MockSample, MockServer

from tests.mock._browser import Browser, browser_path
from tests.mock._support import KEY, ask

pytestmark = pytest.mark.skipif(
    browser_path() is None, reason="no Chromium here; `make browser` installs it where apt is"
)
SET_FAULT = """(() => {
    $("kind").value = "%s";
    $("kind").dispatchEvent(new Event("change"));
    $("operation").value = "createParcel";
    for (const input of document.querySelectorAll("[name=status]")) input.value = "502";
    $("fault").requestSubmit();
})()"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(str(browser_path()), tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture
def page(browser: Browser, server: MockServer) -> Browser:
    """The page, which has asked for everything once."""
    browser.events.clear()
    browser.open(str(server.page_url))
    browser.wait("$('now').textContent")
    return browser


def test_a_fault_is_set_strikes_is_seen_and_removed(
    page: Browser, mock: MockSample, server: MockServer
) -> None:
    page.run(SET_FAULT % "wrong_type")
    assert '"path" is a required' in page.wait("$('problem').open && document.body.innerText")
    now = page.run("$('now').textContent")
    page.wait(f"$('now').textContent !== '{now}'")  # it has asked again, and keeps what went wrong
    assert '"path" is a required' in page.text()
    page.events.clear()
    page.run(SET_FAULT % "server_error")
    page.wait("document.querySelector('#faults code')?.textContent === 'server_error'")
    with Sample("one", base_url=server.url, max_attempts=1) as portal:
        with pytest.raises(ServerError) as caught:
            portal.parcels.create()
        assert caught.value.status_code == 502
        page.wait("document.querySelector('#journal .status')?.textContent === '502'")
        entry = str(page.run("document.querySelector('#journal .call').innerText"))
        assert "createParcel" in entry
        assert "fault: server_error" in entry
        copied = {"fault": "server_error", "operation": "createParcel", "status": 502}
        assert page.run("order()") == copied
        page.run("document.querySelector('#faults button').click()")
        page.wait("$('faults').innerText === 'None is set.'")
        created = portal.parcels.create()
    page.wait(f"$('clients').innerText.includes('{created.id}')")
    assert mock.faults == ()
    assert page.problems() == []


def test_the_clock_is_moved_and_secrets_are_shown(page: Browser, mock: MockSample) -> None:
    created = mock.client().parcels.create()
    page.run("document.querySelectorAll('#clock button')[2].click()")
    page.wait("$('now').textContent.includes('86400 s')")
    assert not mock.session_is_live(created.label_token)
    page.wait("document.querySelector('#clients .item code')?.textContent")
    assert created.pickup_code not in page.text()
    page.run("$('secrets').click()")
    page.wait(f"$('clients').innerText.includes('{created.pickup_code}')")


def test_nothing_is_taken_from_under_the_users_hands(page: Browser, mock: MockSample) -> None:
    fault = mock.fault("latency", seconds=0)
    mock.client().parcels.create()
    page.wait("document.querySelector('#clients details[open] .item')?.textContent")
    page.run("document.querySelector('#clients details').open = false")
    page.run("document.querySelector('#faults button').focus()")
    mock.client("another").parcels.create()
    page.wait("document.querySelectorAll('#clients details').length === 2")
    page.wait(f"$('faults').innerText.includes('struck {fault.struck}')")
    assert page.run("document.querySelector('#clients details').open") is False
    assert page.run("document.activeElement.textContent") == "Remove"


def test_nothing_that_a_client_sends_becomes_markup(page: Browser, mock: MockSample) -> None:
    evil = "<img src=x onerror=window.hit=1><script>window.hit=1</script>"
    ask(mock, "POST", f"/v1/parcels?q={evil}", json.dumps({"isExpress": evil, evil: 1}).encode())
    ask(mock, "GET", f"/{evil}")
    ask(mock, "GET", "/v1/parcels/" + evil.replace("/", "%2F"))
    page.wait("document.querySelectorAll('#journal .call').length === 3")
    page.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert "<img src=x" in page.text()
    assert page.run("document.querySelectorAll('#journal img, #journal script').length") == 0
    assert page.run("window.hit === undefined")


def test_an_empty_page_says_what_to_do_and_a_full_one_is_filtered(
    page: Browser, mock: MockSample
) -> None:
    command = page.wait("$('journal').querySelectorAll('pre')[1]?.textContent")
    subprocess.run(shlex.split(f"{command} --noproxy '*' -sf"), check=True, timeout=20)
    assert [fault.name for fault in mock.faults] == ["server_error"]
    for status, target in ((503, "/v1/parcels"), (200, "/v1/parcels"), (404, "/v1/nothing")):
        assert ask(mock, "GET", target, headers=(KEY,)).status == status
    page.wait("document.querySelectorAll('#journal .call').length === 3")
    assert "A strict mock refuses it: Content-Type" in page.text()
    for text, count in (("get list", 2), ("list 503", 1), ("POST", 0), ("failed", 2), ("", 3)):
        page.run(f"$('filter').value = '{text}'; showCalls()")
        shown = "document.querySelectorAll('#journal .call').length"
        assert page.run(shown) == count
    mock.reset()
    page.wait("$('journal').innerText.includes('No request yet')")


def test_it_fits_on_a_phone(page: Browser, mock: MockSample) -> None:
    mock.seed_clients(60, has_wallet=True)
    with pytest.raises(ServerError), mock.fault("server_error"):
        mock.client(max_attempts=1).parcels.get("x" * 300)
    phone = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    page.send("Emulation.setDeviceMetricsOverride", **phone)
    try:
        page.wait("document.querySelectorAll('#journal .call').length === 1")
        page.run("document.querySelectorAll('details').forEach((o) => { o.open = true; })")
        assert page.run("document.documentElement.scrollWidth") <= 360
    finally:
        page.send("Emulation.clearDeviceMetricsOverride")
    assert page.problems() == []
