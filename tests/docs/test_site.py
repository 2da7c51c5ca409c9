"""The built site: `make docs` builds it, and runs these."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from portal_v1.api import OPERATIONS

from tests.mock._browser import open_browser

SITE = Path(os.environ.get("DOCS_SITE", "nowhere")).resolve()
PAGES = sorted(str(page.relative_to(SITE)) for page in SITE.rglob("*.html"))
REDOC = "reference/redoc.html"
pytestmark = pytest.mark.skipif(
    "DOCS_SITE" not in os.environ, reason="make docs builds the site and runs these"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[tuple[Page, list[str]]]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def page(browser: tuple[Page, list[str]]) -> Iterator[Page]:
    """A page in which nothing goes wrong."""
    page, problems = browser
    yield page
    assert problems == []


def test_every_page_is_readable_by_day_and_by_night_on_a_phone_too(page: Page) -> None:
    assert (REDOC in PAGES) == (shutil.which("npx") is not None)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    content = page.locator("article, #api-content h1").first
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for name in PAGES:
        page.goto((SITE / name).as_uri())
        grounds = set()
        for width, scheme in product((360, 1280), schemes):
            page.set_viewport_size({"width": width, "height": 740})
            page.emulate_media(color_scheme=scheme)
            if name == REDOC:  # It looks at the scheme when it is opened.
                page.goto((SITE / name).as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            size, ground = content.evaluate(
                "one => [parseFloat(getComputedStyle(one).fontSize), getComputedStyle(one).color]"
            )
            assert size >= 14, name
            grounds.add(ground)
        assert len(grounds) == 2, name
    assert {urlsplit(url).scheme for url in sent} <= {"file", "blob", "data"}


@pytest.mark.skipif(REDOC not in PAGES, reason="Node.js makes this page, and is not here")
def test_redoc_opens_each_operation(page: Page) -> None:
    for operation_id, operation in OPERATIONS.items():
        page.goto((SITE / "search.html").as_uri())
        page.goto(f"{(SITE / REDOC).as_uri()}#/{operation.resource}/{operation_id.lower()}")
        expect(page.locator("#redoc")).to_contain_text(operation.path)


def test_the_search_finds_what_a_page_says(page: Page) -> None:
    page.goto((SITE / "search.html").as_uri() + "?q=maybe_processed")
    expect(page.locator("#search-results li a").first).not_to_be_empty()
