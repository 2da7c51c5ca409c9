"""What the clients of two documents that are nothing like V1's send, and what they give back."""

import copy
import datetime
import io
import json
import pickle
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import pytest

from tests.generation._support import Server

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


def test_every_kind_of_parameter(library: Any) -> None:
    models = library.models
    server = Server(200, {"number": 2, "of": 7, "next": None, "items": [BOOK]})
    found = server.client(library).books.list(
        genre=[models.Genre.FICTION, models.Genre.CHILDRENS],
        shelf_numbers=[3, 14],
        published_after=datetime.date(1929, 10, 15),
        changed_since=datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
        sort=models.ListBooksSort.AUTHOR,
        only_available=True,
        x_reader_priority=models.Priority.HIGH,
        reader_hint="a1",
    )
    assert server.target.startswith("GET /v2/books?")
    assert server.request.url.params.multi_items() == [
        *(("genre", "fiction"), ("genre", "children's"), ("shelfNumbers", "3,14")),
        *(("publishedAfter", "1929-10-15"), ("changedSince", "2024-01-02T03:04:05Z")),
        *(("sort", "author"), ("onlyAvailable", "true")),
    ]
    sent = server.request.headers
    assert (sent["X-Reader-Priority"], sent["Cookie"]) == ("3", "reader_hint=a1")
    assert (sent["X-Library-Key"], "Authorization" in sent) == ("a-key", False)
    (book,) = found.items
    assert (type(found), found.of, found.next_) == (models.BookPage, 7, None)
    assert (book.id, book.pages, book.genre.name) == (BOOK_ID, None, "CHILDRENS")
    assert book.added_at == datetime.datetime(2024, 5, 6, 7, 8, 9, tzinfo=datetime.UTC)
    assert (book.authors[0].born.year, book.price) == (1899, models.Money(**MONEY))


def test_deprecations_are_documented_and_warned_of(library: Any) -> None:
    def warned(what: str, use: Callable[[], Any]) -> Any:
        with pytest.warns(DeprecationWarning, match=f"{what} is deprecated") as told:
            found = use()
        assert [warning.filename for warning in told] == [__file__]
        return found

    server, models = Server(200, {**BOOK, "language": "de"}), library.models
    client = server.client(library)
    book = warned("operation getBook", lambda: client.books.get(BOOK_ID))
    assert "a-key" not in str(server.request.headers.raw)  # It is without security, too.
    loan = {"id": "l1", "book": BOOK, "due": "2024-02-29"}
    loans = Server(200, [loan]).client(library).members_area
    warned("parameter sort of listLoansOfMember", lambda: next(loans.iter_loans_of(7, sort="a")))
    new = {"title": "Emil", "authors": [], "genre": models.Genre.FICTION, "language": "en"}
    add = Server(201, BOOK).client(library).books.add
    warned("field language of addBook", lambda: add(**new))
    assert warned("Book.language", lambda: book.language) == "de"
    assert copy.deepcopy(book) == pickle.loads(pickle.dumps(book)) == book
    assert book.to_dict() == {**BOOK, "language": "de"}
    body = models.NewBook.from_dict({"title": "Emil", "authors": [], "genre": "fiction"})
    warned("NewBook.language", lambda: setattr(body, "language", "fr"))
    books, members = library.resources.BooksResource, library.resources.MembersAreaResource
    for documented in (books.get, members.list_loans_of, models.Book):
        assert "Deprecated by the API." in " ".join(documented.__doc__.split())
    assert books.get.__deprecated__.startswith("The operation getBook")


def test_ranges_and_the_default(library: Any) -> None:
    for status, error in ((404, "NotFoundError"), (418, "APIStatusError"), (501, "ServerError")):
        kind = "application/json" if status == 501 else "application/problem+json"
        server = Server(status, {"title": "There is none"}, headers={"Content-Type": kind})
        with pytest.raises(getattr(library, error), match="There is none") as caught:
            server.client(library).books.list()
        assert caught.value.status_code == status


def test_a_multipart_body(studio: Any) -> None:
    models, file = studio.models, studio.File
    server = Server(201, {"id": "f1", "size": 3, "checksum": None, "kind": "file"})
    body = models.UploadFileBody(
        content=file(io.BytesIO(b"\x00\x01\xff"), "film.bin", "video/x-raw"),
        title="Ein Fïlm",
        labels=["one", "two"],
        recorded=datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC),
        size=3,
        camera=models.Camera(maker="Arri", lens=None),
        thumbnails=[file(io.BytesIO(b"t1"), "t1.png"), file(io.BytesIO(b"t2"))],
    )
    stored = server.client(studio).files.upload(body=body)
    assert (stored.id, stored.size, stored.checksum, stored.camera) == ("f1", 3, None, None)
    part = r'name="(\w+)"(?:; filename="(.+?)")?(?:\r\nContent-Type: (\S+))?\r\n\r\n(.*?)\r\n--'
    text = "text/plain"
    assert re.findall(part, server.request.content.decode("latin-1"), re.DOTALL) == [
        ("content", "film.bin", "video/x-raw", "\0\x01\xff"),
        ("title", "", text, "Ein F\xc3\xaflm"),
        *(("labels", "", text, "one"), ("labels", "", text, "two")),
        *(("recorded", "", text, "2024-01-02T00:00:00Z"), ("size", "", text, "3")),
        ("camera", "", "application/json", '{"maker":"Arri","lens":null}'),
        *(("thumbnails", "t1.png", "image/png", "t1"), ("thumbnails", "", "", "t2")),
    ]


def test_a_form_and_masked_secrets(studio: Any) -> None:
    word, token = "hush=1", "t0k3n"
    form = studio.models.SessionForm(grant="password", user="a&b", secret_word=word)
    server = Server(200, {"accessToken": token, "until": "2024-01-01T00:00:00Z"})
    session = server.client(studio).sessions.open(body=form)
    assert server.request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in server.request.headers
    fields = {"grant": ["password"], "user": ["a&b"], "secretWord": [word]}
    assert parse_qs(server.request.content.decode(), strict_parsing=True) == fields
    assert (session.access_token, session.refresh_token) == (token, None)
    assert token not in repr(session)
    assert word not in repr(form)


def test_several_bodies_for_one_operation_and_bytes(studio: Any) -> None:
    models, server = studio.models, Server(202)
    client, picture = server.client(studio), studio.File(io.BytesIO(b"PNG"))
    for body, kind, content in (
        (models.PictureByUrl(url="https://a/b"), "application/json", b'"url"'),
        (models.PictureForm(url="u", title="T"), "application/x-www-form-url", b"title=T"),
        (models.PictureUpload(picture=picture), "multipart/form-data; boundary=", b"PNG"),
    ):
        client.shapes.import_picture(body=body)
        assert server.request.headers["Content-Type"].startswith(kind)
        assert content in server.request.content
    client.files.replace("f1", body=studio.File(io.BytesIO(b"\x01\x02")))
    assert (server.target, server.request.content) == ("PUT /files/f1/content", b"\x01\x02")
    assert server.request.headers["Content-Type"] == "application/octet-stream"


def test_names_that_are_in_pythons_way(studio: Any) -> None:
    wire = {"class": "c", "type": "t", "from": "f", "None": "n", "list": ["l"], "print": True}
    wire |= {"self": "s", "datetime": "2024-01-01T00:00:00Z", "1st": 1, "x-y.z": "x", "json": "j"}
    odd = studio.models.Odd.from_dict(wire)
    assert odd.to_dict() == wire
    assert (odd.class_, odd.from_, odd.list_, odd.self_) == ("c", "f", ["l"], "s")
    server = Server(200, {"error": {"error": "e", "code": 1}, "str": None})
    arguments = {"from_": "here", "list_": ["a", "b"], "self_": "me", "timeout_query": 5}
    arguments |= {"body_query": "b", "client_header": "c", "timeout": 10.0, "x_type": "x"}
    answer = server.client(studio).class_.import_(body=odd, **arguments)
    assert type(answer) is studio.models.Response
    assert answer.error == studio.models.Error(error="e", code=1)
    assert json.loads(server.request.content) == wire
    assert server.target == "PUT /class?from=here&list=a&list=b&self=me&timeout=5&body=b"
    assert (server.request.headers["client"], server.request.headers["X-Type"]) == ("c", "x")
    listed = Server(200, [wire, wire]).client(studio).class_
    assert listed.list() == [*listed.iter()] == [odd, odd]
