"""Two documents that are nothing like Portal's: their clients type-check, and they work."""

from __future__ import annotations

import asyncio
import datetime
import importlib
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import httpx
import pytest

from tests.generation._support import DOCUMENTS, Tree, copy_repository, forget_package, load_package

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


@pytest.fixture(scope="module")
def output(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the packages of both documents."""
    tree: Tree = copy_repository(repository, tmp_path_factory.mktemp("others"))
    for document, name in (("library-3.0.yaml", "library_api"), ("studio-3.1.yaml", "studio_api")):
        spec = f"--spec={DOCUMENTS / document}"
        said = tree.generated(spec, f"--package={name}", "--no-house-rules")
        assert said.startswith(f"{name} is new: ")
    return tree.output


@pytest.fixture(scope="module")
def library(output: Path) -> Iterator[ModuleType]:
    yield load_package(output / "library_api", "library_api")
    forget_package("library_api")


@pytest.fixture(scope="module")
def studio(output: Path) -> Iterator[ModuleType]:
    yield load_package(output / "studio_api", "studio_api")
    forget_package("studio_api")


class Server:
    """Answers every request alike, and keeps the last."""

    def __init__(
        self, status: int, body: Any = None, *, content: bytes = b"", kind: str = ""
    ) -> None:
        self.status = status
        self.content = content if body is None else json.dumps(body).encode()
        self.kind = kind or ("application/json" if body is not None else "")
        self.request = httpx.Request("GET", "http://nothing.invalid")
        self.body = b""

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.request = request
        self.body = request.read()
        headers = {"Content-Type": self.kind} if self.kind else {}
        return httpx.Response(self.status, content=self.content, headers=headers)

    async def answer_async(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self.answer(request)

    @property
    def target(self) -> str:
        return self.request.url.raw_path.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def parts(self) -> list[Message]:
        head = f"Content-Type: {self.request.headers['Content-Type']}\r\n\r\n".encode()
        message = BytesParser().parsebytes(head + self.body)
        return [part for part in message.walk() if not part.is_multipart()]


def call(client_class: Callable[..., Any], server: Server, use: Callable[[Any], Any]) -> Any:
    """Use a client whose server is another function."""
    http = httpx.Client(transport=httpx.MockTransport(server.answer))
    with http, client_class("a-key", http_client=http) as client:
        return use(client)


def call_async(client_class: Callable[..., Any], server: Server, use: Callable[[Any], Any]) -> Any:
    async def run() -> Any:
        http = httpx.AsyncClient(transport=httpx.MockTransport(server.answer_async))
        async with http, client_class("a-key", http_client=http) as client:
            return await use(client)

    return asyncio.run(run())


def test_types(output: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-color-output"),
            *("--python-version=3.11", f"--cache-dir={tmp_path_factory.mktemp('mypy')}"),
            *("-p", "library_api", "-p", "studio_api"),
        ],
        cwd=output,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


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
        ("changedSince", "2024-01-02T03:04:05+00:00"),
        ("sort", "author"),
        ("onlyAvailable", "true"),
        ("page", "1"),
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
    new = models.NewBook(
        title="Emil",
        authors=[models.Author(name="Erich", born=None)],
        genre=models.Genre.VALUE_3 if hasattr(models.Genre, "VALUE_3") else models.Genre.FICTION,
        published=datetime.date(1929, 10, 15),
        price=models.Money(amount=12.5, currency="EUR"),
        pages=None,
    )
    book = call_async(library.AsyncCityLibrary, server, lambda client: client.books.add(body=new))
    assert book.id == BOOK_ID
    assert server.request.method == "POST"
    assert server.request.headers["Content-Type"] == "application/json"
    assert server.json == {
        "title": "Emil",
        "authors": [{"name": "Erich", "born": None}],
        "genre": new.genre.value,
        "published": "1929-10-15",
        "price": MONEY,
        "pages": None,
        "language": "en",
        "available": True,
    }


def test_a_patch_knows_null_from_absent(library: ModuleType) -> None:
    server = Server(200, BOOK)
    patch = library.models.BookPatch(pages=None, price=None, title="Pünktchen")
    call(
        library.CityLibrary,
        server,
        lambda client: client.books.change(BOOK_ID, if_match='"3"', body=patch),
    )
    assert server.request.method == "PATCH"
    assert server.target == f"/v2/books/{BOOK_ID}"
    assert server.request.headers["If-Match"] == '"3"'
    assert server.json == {"pages": None, "price": None, "title": "Pünktchen"}


def test_one_of_two_answers(library: ModuleType) -> None:
    answer = call(
        library.CityLibrary,
        Server(204),
        lambda client: client.books.change(BOOK_ID, if_match="x", body=library.models.BookPatch()),
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
    body = models.LendBookLoanRequest(
        book_id=BOOK_ID, member_number=7, weeks=models.LoanWeeks.VALUE_2, notes=[note]
    )
    answer = call(library.CityLibrary, server, lambda client: client.loans.lend_book(body=body))
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
        book = client.books.get(BOOK_ID)
        assert type(book) is library.models.Book
        assert client.books.list().items[0].authors[0].name is not None


def test_a_multipart_body(studio: ModuleType) -> None:
    models = studio.models
    server = Server(201, {"id": "f1", "size": 3, "checksum": None, "kind": "file"})
    body = models.UploadFileBody(
        content=studio.File(io.BytesIO(b"\x00\x01\xff"), "film.bin", "video/x-raw"),
        title="Ein Fïlm",
        labels=["one", "two"],
        recorded=datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC),
        size=3,
        camera=models.Camera(maker="Arri", lens=None),
        thumbnails=[studio.File(io.BytesIO(b"t1"), "t1.png"), studio.File(io.BytesIO(b"t2"))],
    )
    stored = call(studio.MediaStudio, server, lambda client: client.files.upload(body=body))
    assert (stored.id, stored.size, stored.checksum, stored.camera) == ("f1", 3, None, None)
    assert server.request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    parts = [
        (part.get_param("name", header="content-disposition"), part) for part in server.parts()
    ]
    assert [name for name, _ in parts] == [
        "content",
        "title",
        *("labels", "labels"),
        "recorded",
        "size",
        "camera",
        *("thumbnails", "thumbnails"),
    ]
    content, title = parts[0][1], parts[1][1]
    assert content.get_payload(decode=True) == b"\x00\x01\xff"
    assert (content.get_filename(), content.get_content_type()) == ("film.bin", "video/x-raw")
    assert title.get_payload(decode=True) == "Ein Fïlm".encode()
    assert title.get_filename() is None
    assert json.loads(str(parts[6][1].get_payload())) == {"maker": "Arri", "lens": None}


def test_bytes_up_and_down(studio: ModuleType) -> None:
    server = Server(200, content=b"\x00\xff" * 1000, kind="application/octet-stream")
    file = call(studio.MediaStudio, server, lambda client: client.files.download("f1"))
    assert file.payload.read() == b"\x00\xff" * 1000
    assert server.request.headers["Authorization"] == "Bearer a-key"
    server = Server(204)
    body = studio.File(io.BytesIO(b"\x01\x02"))
    call(studio.MediaStudio, server, lambda client: client.files.replace("f1", body=body))
    assert (server.request.method, server.body) == ("PUT", b"\x01\x02")
    assert server.request.headers["Content-Type"] == "application/octet-stream"


def test_a_documented_error_of_a_download(studio: ModuleType) -> None:
    server = Server(404, {"error": "No such file", "code": 7})
    with pytest.raises(studio.NotFoundError) as caught:
        call(studio.MediaStudio, server, lambda client: client.files.download("f1"))
    assert caught.value.error == "No such file"


def test_text(studio: ModuleType) -> None:
    server = Server(200, content="Ende · gut".encode(), kind="text/plain; charset=utf-8")
    caption = call(
        studio.MediaStudio, server, lambda client: client.files.get_caption("f 1?", language="de")
    )
    assert caption == "Ende · gut"
    assert server.target == "/files/f%201%3F/caption?language=de"


def test_a_form_and_masked_secrets(studio: ModuleType) -> None:
    models = studio.models
    word, token = "hush=1", "t0k3n"
    form = models.SessionForm(grant="password", user="a&b", secret_word=word)
    server = Server(200, {"accessToken": token, "until": "2024-01-01T00:00:00Z"})
    session = call(studio.MediaStudio, server, lambda client: client.sessions.open(body=form))
    kind = server.request.headers["Content-Type"]
    assert kind == "application/x-www-form-urlencoded"
    assert parse_qs(server.body.decode(), strict_parsing=True) == {
        "grant": ["password"],
        "user": ["a&b"],
        "secretWord": [word],
    }
    assert session.access_token == token
    assert session.refresh_token is None
    assert token not in repr(session)
    assert word not in repr(form)
    assert "Authorization" not in server.request.headers


@pytest.mark.parametrize("shape", ["Circle", "Square"])
def test_unions_and_constants(studio: ModuleType, shape: str) -> None:
    models = studio.models
    sent = {
        "Circle": models.Circle(kind="circle", radius=1.5),
        "Square": models.Square(kind="square", side=2.0, corners=4),
    }[shape]
    drawing = {"shape": sent.to_dict(), "position": [1.0, 2.5], "layers": None, "colour": None}
    server = Server(200, drawing)
    drawn = call(studio.MediaStudio, server, lambda client: client.shapes.draw(body=sent))
    assert server.json == sent.to_dict()
    assert drawn.shape == sent
    assert type(drawn.shape) is type(sent)
    assert (drawn.position, drawn.layers, drawn.colour) == ([1.0, 2.5], None, None)


@pytest.mark.parametrize(
    "changes", [{"position": True}, {"shape": {"kind": "line"}}, {"layers": [3]}, {"shape": None}]
)
def test_what_is_none_of_the_union(studio: ModuleType, changes: dict[str, Any]) -> None:
    drawing = {"shape": {"kind": "circle", "radius": 1.0}, "position": 3, **changes}
    sent = studio.models.Circle(kind="circle", radius=1.0)
    with pytest.raises(studio.InvalidResponseError, match=next(iter(changes))):
        call(studio.MediaStudio, Server(200, drawing), lambda client: client.shapes.draw(body=sent))


@pytest.mark.parametrize(
    ("model", "fields", "kind", "content"),
    [
        ("PictureByUrl", {"url": "https://a/b"}, "application/json", b'"url"'),
        (
            "PictureForm",
            {"url": "u", "title": "T"},
            "application/x-www-form-urlencoded",
            b"title=T",
        ),
        ("PictureUpload", {"picture": b"PNG"}, "multipart/form-data; boundary=", b"PNG"),
    ],
)
def test_several_bodies_for_one_operation(
    studio: ModuleType, model: str, fields: dict[str, Any], kind: str, content: bytes
) -> None:
    files = {k: studio.File(io.BytesIO(v)) for k, v in fields.items() if isinstance(v, bytes)}
    body = getattr(studio.models, model)(**{**fields, **files})
    server = Server(202)
    call(studio.MediaStudio, server, lambda client: client.shapes.import_picture(body=body))
    assert server.request.headers["Content-Type"].startswith(kind)
    assert content in server.body


def test_a_recursive_model(studio: ModuleType) -> None:
    leaf = {"name": "leaf", "children": [], "counts": {"a": 1, "b": None}, "extra": {"x": [1, {}]}}
    tree = {"name": "root", "children": [leaf, leaf], "parent": {"name": "up", "children": []}}
    server = Server(200, tree)
    folder = call(
        studio.MediaStudio, server, lambda client: client.folders.get("root", depth="all")
    )
    assert server.target == "/folders/root?depth=all"
    assert [child.name for child in folder.children] == ["leaf", "leaf"]
    assert folder.parent.name == "up"
    assert folder.children[0].counts["b"] is None
    assert folder.children[0].parent is None
    assert folder.to_dict() == tree


def test_a_mapping_of_models(studio: ModuleType) -> None:
    server = Server(200, {"new": {"colour": "red", "note": "n"}, "old": {"colour": "grey"}})
    labels = call(studio.MediaStudio, server, lambda client: client.folders.list_labels())
    assert labels["new"].colour == "red"
    assert labels["new"]["note"] == "n"
    assert labels.additional_keys == ["new", "old"]
    broken = Server(200, {"new": {"colour": 3}})
    with pytest.raises(studio.InvalidResponseError, match="colour"):
        call(studio.MediaStudio, broken, lambda client: client.folders.list_labels())


def test_names_that_are_in_pythons_way(studio: ModuleType) -> None:
    models = studio.models
    wire = {
        "class": "c",
        "type": "t",
        "from": "f",
        "None": "n",
        "list": ["l"],
        "print": True,
        "self": "s",
        "datetime": "2024-01-01T00:00:00+00:00",
        "1st": 1,
        "x-y.z": "x",
        "json": "j",
    }
    odd = models.Odd.from_dict(wire)
    assert odd.to_dict() == wire
    assert (odd.class_, odd.from_, odd.list_, odd.self_) == ("c", "f", ["l"], "s")
    server = Server(200, {"error": {"error": "e", "code": 1}, "str": None})
    answer = call(
        studio.MediaStudio,
        server,
        lambda client: client.class_.import_(
            body=odd,
            from_="here",
            list_=["a", "b"],
            self_="me",
            timeout_query=5,
            body_query="b",
            client_header="c",
            timeout=10.0,
            x_type="x",
        ),
    )
    assert type(answer) is models.Response
    assert answer.error == models.Error(error="e", code=1)
    assert server.json == wire
    assert server.request.url.params.multi_items() == [
        ("from", "here"),
        *(("list", "a"), ("list", "b")),
        ("self", "me"),
        ("timeout", "5"),
        ("body", "b"),
    ]
    assert (server.request.headers["client"], server.request.headers["X-Type"]) == ("c", "x")
    listed = call(studio.MediaStudio, Server(200, [wire]), lambda client: client.class_.list())
    assert listed == [odd]
    iterated = call(
        studio.MediaStudio, Server(200, [wire, wire]), lambda client: [*client.class_.iter()]
    )
    assert iterated == [odd, odd]
