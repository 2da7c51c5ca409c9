"""The built site: `make docs` builds it, and runs these."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

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


class Document(HTMLParser):
    """What a page is made of: its anchors, its links, and what it loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        self.ids.add(values.get("id", ""))
        if tag == "a" and "href" in values:
            self.links.add(values["href"])
        elif tag == "link" and values["rel"] in {"stylesheet", "icon", "preload"}:
            self.loaded.add(values["href"])
        elif values.get("src"):
            self.loaded.add(values["src"])


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


# Redoc's links are for its own script.
@pytest.mark.parametrize("name", [name for name in PAGES if name != REDOC])
def test_no_link_is_broken_and_nothing_comes_from_elsewhere(name: str) -> None:
    page = Document(SITE / name)
    assert [one for one in page.loaded if urlsplit(one).netloc] == []
    broken = []
    for link in page.links | page.loaded:
        parts = urlsplit(link)
        if parts.scheme:
            continue
        target = (SITE / name).parent / unquote(parts.path) if parts.path else SITE / name
        anchor = unquote(parts.fragment)
        if not target.is_file() or (
            anchor and target.suffix == ".html" and anchor not in Document(target).ids
        ):
            broken.append(link)
    assert broken == []


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
