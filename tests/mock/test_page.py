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


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(str(browser_path()), tmp_path_factory.mktemp("profile")) as running:
        yield running


def open_page(browser: Browser, server: MockServer) -> None:
    browser.events.clear()
    browser.open(str(server.page_url))


def test_a_fault_is_added_strikes_is_seen_and_removed(
    browser: Browser, mock: MockSample, server: MockServer
) -> None:
    open_page(browser, server)
    browser.wait("document.querySelectorAll('#kind option').length > 10")
    browser.run("""
        (() => {
            const set = (id, value) => {
                document.getElementById(id).value = value;
                document.getElementById(id).dispatchEvent(new Event("change"));
            };
            set("kind", "server_error");
            set("operation", "createParcel");
            document.querySelector("[data-setting=status]").value = "502";
            document.getElementById("add").click();
        })()
    """)
    browser.wait("document.querySelector('#faults code')?.textContent === 'server_error'")
    with Sample("one", base_url=server.url, max_attempts=1) as portal:
        with pytest.raises(ServerError) as caught:
            portal.parcels.create()
        assert caught.value.status_code == 502
        browser.wait("document.querySelector('#journal .status')?.textContent === '502'")
        entry = str(browser.run("document.querySelector('#journal .call').innerText"))
        assert "createParcel" in entry
        assert "fault: server_error" in entry
        assert browser.run("order()") == {  # what is copied as curl
            "fault": "server_error",
            "operation": "createParcel",
            "status": 502,
        }
        browser.run("document.querySelector('#faults button').click()")
        browser.wait("document.querySelector('#faults').innerText.includes('None is set')")
        created = portal.parcels.create()
    browser.wait(f"document.querySelector('#custodians').innerText.includes('{created.id}')")
    assert mock.faults == ()
    assert browser.problems() == []


def test_the_clock_is_moved(browser: Browser, mock: MockSample, server: MockServer) -> None:
    token = mock.client().parcels.create().label_token
    open_page(browser, server)
    browser.wait("document.getElementById('now').textContent")
    browser.run("document.querySelectorAll('#clock button')[2].click()")
    browser.wait("document.getElementById('now').textContent.includes('86400 s')")
    assert not mock.session_is_live(token)


def test_what_is_wrong_is_said(browser: Browser, server: MockServer) -> None:
    open_page(browser, server)
    browser.wait("document.querySelectorAll('#kind option').length > 10")
    browser.run("""
        (() => {
            document.getElementById("kind").value = "wrong_type";
            document.getElementById("kind").dispatchEvent(new Event("change"));
            document.getElementById("add").click();
        })()
    """)
    shown = browser.wait("!document.getElementById('error').hidden && document.body.innerText")
    assert "such as $.id" in shown
    browser.wait("asked > 3")  # it has asked for the state meanwhile, and keeps what went wrong
    assert "such as $.id" in browser.text()


def test_nothing_is_taken_from_under_the_users_hands(
    browser: Browser, mock: MockSample, server: MockServer
) -> None:
    fault = mock.fault("latency", seconds=0)
    mock.client().parcels.create()
    open_page(browser, server)
    browser.wait("document.querySelector('#custodians details[open] li')?.textContent")
    browser.run("""
        (() => {
            document.querySelector("#custodians details").open = false;
            document.querySelector("#faults button").focus();
            getSelection().selectAllChildren(document.querySelector("#custodians summary"));
        })()
    """)
    created = mock.client().parcels.create()
    browser.wait(f"document.querySelector('#custodians').textContent.includes('{created.id}')")
    browser.wait(f"document.querySelector('#faults').innerText.includes('struck {fault.struck}')")
    browser.wait("asked > 4")
    assert browser.run("document.querySelector('#custodians details').open") is False
    assert browser.run("document.activeElement.textContent") == "Remove"
    mock.client("another").parcels.create()
    browser.wait("document.querySelectorAll('#custodians details').length === 2")
    assert browser.run("document.querySelector('#custodians details').open") is False


def test_nothing_that_a_client_sends_becomes_markup(
    browser: Browser, mock: MockSample, server: MockServer
) -> None:
    evil = "<img src=x onerror=window.hit=1><script>window.hit=1</script>"
    open_page(browser, server)
    body = json.dumps({"isExpress": evil, evil: 1}).encode()
    ask(mock, "POST", f"/v1/parcels?q={evil}", body)
    ask(mock, "GET", f"/{evil}")
    ask(mock, "GET", "/v1/parcels/" + evil.replace("/", "%2F"))
    browser.wait("document.querySelectorAll('#journal .call').length === 3")
    browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert "<img src=x" in browser.text()
    assert browser.run("document.querySelectorAll('#journal img, #journal script').length") == 0
    assert browser.run("window.hit === undefined")


def test_an_empty_page_says_what_to_do_and_a_full_one_is_filtered(
    browser: Browser, mock: MockSample, server: MockServer
) -> None:
    open_page(browser, server)
    browser.wait("!document.getElementById('empty').hidden")
    command = str(browser.run("document.querySelectorAll('#empty pre')[1].textContent"))
    subprocess.run(shlex.split(f"{command} --noproxy '*' -sf"), check=True, timeout=20)
    assert [fault.name for fault in mock.faults] == ["server_error"]
    for status, target in ((503, "/v1/parcels"), (200, "/v1/parcels"), (404, "/v1/nothing")):
        assert ask(mock, "GET", target, headers=(KEY,)).status == status
    browser.wait("document.querySelectorAll('#journal .call').length === 3")
    assert browser.run("document.getElementById('empty').hidden")
    assert "A strict mock refuses it: Content-Type" in browser.text()
    shown = "document.querySelectorAll('#journal .call:not([hidden])').length"
    for text, count in (
        ("get list", 2),
        ("get list 503", 1),
        ("nothing", 1),
        ("POST", 0),
        ("failed", 2),
        ("", 3),
    ):
        browser.run(f"document.getElementById('filter').value = '{text}'; filter()")
        assert browser.run(shown) == count
    mock.reset()
    browser.wait("!document.getElementById('empty').hidden")


def test_secrets_are_shown_where_they_are_asked_for(
    browser: Browser, mock: MockSample, server: MockServer
) -> None:
    code = mock.client().parcels.create().pickup_code
    open_page(browser, server)
    browser.wait("document.querySelector('#custodians li code')?.textContent")
    assert code not in browser.text()
    browser.run("document.getElementById('secrets').click()")
    browser.wait(f"document.querySelector('#custodians').innerText.includes('{code}')")


def test_it_fits_on_a_phone(browser: Browser, mock: MockSample, server: MockServer) -> None:
    mock.seed_clients(60, has_wallet=True)
    with pytest.raises(ServerError), mock.fault("server_error"):
        mock.client(max_attempts=1).parcels.get("x" * 300)
    phone = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    browser.send("Emulation.setDeviceMetricsOverride", **phone)
    try:
        open_page(browser, server)
        browser.wait("document.querySelectorAll('#journal .call').length === 1")
        browser.run("document.querySelectorAll('details').forEach((o) => { o.open = true; })")
        assert browser.run("document.documentElement.scrollWidth") <= 360
    finally:
        browser.send("Emulation.clearDeviceMetricsOverride")
    assert browser.problems() == []
