"""The client of an OpenAPI 3.1 document with files, forms, unions and awkward names."""

from __future__ import annotations

import datetime
import io
import json
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.generation._server import Server, call


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
        "datetime": "2024-01-01T00:00:00Z",
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
