"""The client of an OpenAPI 3.0 document that is nothing like Portal's."""

from __future__ import annotations

import datetime
import importlib
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from tests.generation._server import Server, call, call_async

BOOK_ID = UUID("5b0f8d4e-7c1c-4a53-9d55-0f5f5e2b7a11")
MONEY = {"amount": 12.5, "currency": "EUR"}
BOOK = {
    "id": str(BOOK_ID),
    "title": "Emil",
    "authors": [{"name": "Erich", "born": "1899-02-23", "knownAs": ["Berthold"]}],
    "genre": "children's",
    "addedAt": "2024-05-06T07:08:09Z",
    "published": "1929-10-15",
    "price": MONEY,
    "pages": None,
    "condition": None,
}


def test_every_kind_of_parameter(library: ModuleType) -> None:
    models = library.models
    page = {"number": 2, "of": 7, "next": None, "items": [BOOK]}
    server = Server(200, page)
    found = call(
        library.CityLibrary,
        server,
        lambda client: client.books.list(
            genre=[models.Genre.FICTION, models.Genre.CHILDRENS],
            shelf_numbers=[3, 14],
            published_after=datetime.date(1900, 1, 2),
            changed_since=datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
            sort=models.ListBooksSort.AUTHOR,
            only_available=True,
            x_reader_priority=models.Priority.HIGH,
            reader_hint="a1",
        ),
    )
    assert server.request.url.path == "/v2/books"
    assert server.request.url.params.multi_items() == [
        ("genre", "fiction"),
        ("genre", "children's"),
        ("shelfNumbers", "3,14"),
        ("publishedAfter", "1900-01-02"),
        ("changedSince", "2024-01-02T03:04:05Z"),
        ("sort", "author"),
        ("onlyAvailable", "true"),
    ]
    assert server.request.headers["X-Reader-Priority"] == "3"
    assert server.request.headers["Cookie"] == "reader_hint=a1"
    assert server.request.headers["X-Library-Key"] == "a-key"
    assert "Authorization" not in server.request.headers
    (book,) = found.items
    assert type(found) is models.BookPage
    assert (found.number, found.of, found.next_) == (2, 7, None)
    assert (book.id, book.pages, book.condition, book.weight_grams) == (BOOK_ID, None, None, None)
    assert book.genre is models.Genre.CHILDRENS
    assert book.published == datetime.date(1929, 10, 15)
    assert book.added_at == datetime.datetime(2024, 5, 6, 7, 8, 9, tzinfo=datetime.UTC)
    assert book.price == models.Money(amount=12.5, currency="EUR")
    assert book.authors[0].born == datetime.date(1899, 2, 23)
    assert book.authors[0].known_as == ["Berthold"]


def test_a_body_of_models(library: ModuleType) -> None:
    models = library.models
    server = Server(201, BOOK)
    new = dict[str, Any](
        title="Emil",
        authors=[models.Author(name="Erich", born=None)],
        genre=models.Genre.CHILDRENS,
        published=datetime.date(1929, 10, 15),
        price=models.Money(amount=12.5, currency="EUR"),
        pages=None,
    )
    book = call_async(library.AsyncCityLibrary, server, lambda client: client.books.add(**new))
    assert book.id == BOOK_ID
    assert server.request.method == "POST"
    assert server.request.headers["Content-Type"] == "application/json"
    assert server.json == {
        "title": "Emil",
        "authors": [{"name": "Erich", "born": None}],
        "genre": new["genre"].value,
        "published": "1929-10-15",
        "price": MONEY,
        "pages": None,
    }


def test_a_patch_knows_null_from_absent(library: ModuleType) -> None:
    server = Server(200, BOOK)
    patch = dict[str, Any](pages=None, price=None, title="Pünktchen")
    call(
        library.CityLibrary,
        server,
        lambda client: client.books.change(BOOK_ID, if_match='"3"', **patch),
    )
    assert server.request.method == "PATCH"
    assert server.target == f"/v2/books/{BOOK_ID}"
    assert server.request.headers["If-Match"] == '"3"'
    assert server.json == {"pages": None, "price": None, "title": "Pünktchen"}


def test_one_of_two_answers(library: ModuleType) -> None:
    answer = call(
        library.CityLibrary,
        Server(204),
        lambda client: client.books.change(BOOK_ID, if_match="x"),
    )
    assert answer is None


def test_no_content_and_an_enum(library: ModuleType) -> None:
    server = Server(204)
    reason = library.models.RemoveBookReason.SOLD_OFF
    answer = call(
        library.CityLibrary, server, lambda client: client.books.remove(BOOK_ID, reason=reason)
    )
    assert answer is None
    assert server.request.method == "DELETE"
    assert server.request.url.params["reason"] == "sold off"


def test_an_operation_without_security(library: ModuleType) -> None:
    server = Server(200, BOOK)
    call(library.CityLibrary, server, lambda client: client.books.get(BOOK_ID))
    assert "X-Library-Key" not in server.request.headers
    assert "a-key" not in str(server.request.headers.raw)


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (404, "application/problem+json", "NotFoundError"),
        (418, "application/problem+json", "APIStatusError"),
        (501, "application/json", "ServerError"),
    ],
)
def test_ranges_and_the_default(library: ModuleType, status: int, kind: str, error: str) -> None:
    problem = {"title": "There is none", "status": status}
    server = Server(status, problem, kind=kind)
    with pytest.raises(getattr(library, error)) as caught:
        call(library.CityLibrary, server, lambda client: client.books.list())
    assert caught.value.status_code == status
    assert caught.value.error == "There is none"
    assert isinstance(caught.value, library.CityLibraryError)


def test_a_list_under_a_tag_of_two_words(library: ModuleType) -> None:
    loan = {"id": "l1", "book": BOOK, "due": "2024-02-29", "weeks": 8, "fine": MONEY}
    server = Server(200, [loan, {**loan, "returnedAt": "2024-02-01T00:00:00+02:00", "fine": None}])
    first, second = call(
        library.CityLibrary, server, lambda client: client.members_area.list_loans_of(1234567890123)
    )
    assert server.target == "/v2/members/1234567890123/loans"
    assert (first.due, first.weeks.value, first.fine.currency) == (
        datetime.date(2024, 2, 29),
        8,
        "EUR",
    )
    assert second.returned_at.utcoffset() == datetime.timedelta(hours=2)
    assert second.fine is None


def test_inline_schemas(library: ModuleType) -> None:
    models = library.models
    loan = {"id": "l1", "book": BOOK, "due": "2024-02-29"}
    server = Server(201, loan)
    note = models.LendBookLoanRequestNotesItem(text="Torn", written_on=datetime.date(2024, 1, 1))
    body = dict[str, Any](
        book_id=BOOK_ID, member_number=7, weeks=models.LoanWeeks.VALUE_2, notes=[note]
    )
    answer = call(library.CityLibrary, server, lambda client: client.loans.lend_book(**body))
    assert answer.book.title == "Emil"
    assert server.json == {
        "bookId": str(BOOK_ID),
        "memberNumber": 7,
        "weeks": 2,
        "notes": [{"text": "Torn", "writtenOn": "2024-01-01"}],
    }


def test_an_operation_without_a_name_or_a_tag(library: ModuleType) -> None:
    server = Server(200)
    assert call(library.CityLibrary, server, lambda client: client.default.get_health()) is None
    assert server.target == "/v2/health"


def test_the_librarys_own_mock(library: ModuleType) -> None:
    mock = importlib.import_module("library_api.mock")
    with mock.MockCityLibrary() as running, running.client() as client:
        assert type(client.books.list()) is library.models.BookPage
        with pytest.raises(library.NotFoundError):
            client.books.get(BOOK_ID)
