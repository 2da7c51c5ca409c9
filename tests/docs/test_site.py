"""The built site: `make docs` builds it, and runs these."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from portal_v1.api import OPERATIONS

from tests.mock._browser import Browser, browser_path

SITE = Path(os.environ.get("DOCS_SITE", "nowhere")).resolve()
PAGES = sorted(str(page.relative_to(SITE)) for page in SITE.rglob("*.html"))
REDOC = "reference/redoc.html"
SENT = "Network.requestWillBeSent"
pytestmark = pytest.mark.skipif(
    "DOCS_SITE" not in os.environ, reason="make docs builds the site and runs these"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if browser_path() is None:
        pytest.skip("no Chromium here; `make browser` installs it where apt is")
    with Browser(str(browser_path()), tmp_path_factory.mktemp("profile")) as running:
        yield running


def test_every_page_is_readable_by_day_and_by_night_on_a_phone_too(browser: Browser) -> None:
    assert (REDOC in PAGES) == (shutil.which("npx") is not None)
    browser.send("Network.enable")
    for name in PAGES:
        browser.events.clear()
        browser.open((SITE / name).as_uri())
        content = "document.querySelector('article, #api-content h1')"
        browser.wait(f"{content} !== null")
        grounds = set()
        for width, scheme in ((360, "light"), (360, "dark"), (1280, "dark"), (1280, "light")):
            screen = {"width": width, "height": 740, "deviceScaleFactor": 1, "mobile": width < 700}
            browser.send("Emulation.setDeviceMetricsOverride", **screen)
            feature = {"name": "prefers-color-scheme", "value": scheme}
            browser.send("Emulation.setEmulatedMedia", features=[feature])
            if name == REDOC:  # It looks at the scheme when it is opened.
                browser.open((SITE / name).as_uri())
                browser.wait(f"{content} !== null")
            assert browser.run("document.documentElement.scrollWidth") <= width, name
            assert browser.run(f"parseFloat(getComputedStyle({content}).fontSize)") >= 14, name
            grounds.add(browser.run(f"getComputedStyle({content}).color"))
        assert len(grounds) == 2, name
        assert browser.problems() == [], name
        sent = [one["params"] for one in browser.events if one["method"] == SENT]
        assert {urlsplit(one["request"]["url"]).scheme for one in sent} <= {"file", "blob", "data"}


@pytest.mark.skipif(REDOC not in PAGES, reason="Node.js makes this page, and is not here")
def test_redoc_opens_each_operation(browser: Browser) -> None:
    browser.events.clear()
    for operation_id, operation in OPERATIONS.items():
        browser.open((SITE / "search.html").as_uri())
        browser.open(f"{(SITE / REDOC).as_uri()}#/{operation.resource}/{operation_id.lower()}")
        browser.wait(f"document.querySelector('#redoc')?.innerText.includes('{operation.path}')")
    assert browser.problems() == []


def test_the_search_finds_what_a_page_says(browser: Browser) -> None:
    browser.events.clear()
    browser.open((SITE / "search.html").as_uri() + "?q=maybe_processed")
    browser.wait("document.querySelector('#search-results li a')?.textContent")
    assert browser.problems() == []
