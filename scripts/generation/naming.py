"""The names that a document's operations, tags and title get in Python."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from openapi_python_client import strings

from .document import Document
from .errors import GenerationError, edit
from .reading import Place

strings.DELIMITERS += "[]"  # filter[since] is filter_since
_CLIENT_ATTRIBUTES = {"aclose", "close", "map", "warm", "with_options"}
# A POST on a path that ends in one of these does it; on another, it creates one.
_VERBS = {
    *("accept", "activate", "add", "approve", "archive", "authorize", "broadcast", "build"),
    *("cancel", "check", "claim", "complete", "confirm", "connect", "convert", "deactivate"),
    *("delete", "deploy", "disable", "disconnect", "eject", "enable", "encrypt", "estimate"),
    *("evaluate", "execute", "export", "fund", "generate", "import", "invite", "link", "lock"),
    *("login", "logout", "move", "notify", "pause", "preview", "publish", "query", "quote"),
    *("rebuild", "recover", "refresh", "register", "reject", "remove", "rename", "renew"),
    *("replace", "resend", "reset", "resolve", "restart", "restore", "resume", "retry"),
    *("revoke", "rotate", "run", "scan", "search", "send", "share", "sign", "simulate", "start"),
    *("stop", "submit", "subscribe", "suspend", "swap", "sync", "test", "transfer", "unlink"),
    *("unlock", "unsubscribe", "update", "upgrade", "upload", "validate", "verify", "withdraw"),
}
_UNTAGGED = "default"
_VERSION = re.compile(r"api|rest|v_?\d+")
_BY_METHOD = {"put": "replace", "patch": "update", "delete": "delete", "post": "create"}


@dataclass
class OperationNames:
    """What an operation is called: id and tags in the document, the rest in Python.

    `raw` is what the document says of it. Where that gives no operationId, the id is `made`.
    """

    place: Place
    raw: dict[str, Any]
    id: str
    tags: list[str]
    resource: str
    method: str
    made: bool
    module: str = ""

    @property
    def path(self) -> str:
        """Its path, as the document has it."""
        return str(self.place[1])

    @property
    def verb(self) -> str:
        """Its HTTP method, in small letters."""
        return str(self.place[2])


@cache
def identifier(name: str, prefix: str) -> str:
    """Return a name in Python's spelling, as openapi-python-client spells it."""
    return str(strings.PythonIdentifier(name, prefix=prefix))


@cache
def spell(text: str) -> str:
    """Return a text in which each symbol is replaced by its Unicode name."""
    return " ".join(
        part if part.isalnum() or part in "_ " else f" {unicodedata.name(part, 'symbol').lower()} "
        for part in re.findall(r"[^\W_]+|.", text, flags=re.DOTALL)
    )


def _plain(operation_id: str) -> str:
    return identifier(re.sub(r"\W+", "_", operation_id), "call_")


def client_name(document: dict[str, Any]) -> str:
    """Return the name of the client class: what the document says, else its title."""
    info = document["info"]
    given = (info.get("x-client") or {}).get("name")
    if given is None:
        title = re.sub(r"(?i)[\s_-]+api\s*$", "", str(info["title"]))
        name = strings.pascal_case(title) or strings.pascal_case(spell(title)) or "Service"
        return name if name.isidentifier() else f"Client{name}"
    if not str(given).isidentifier() or keyword.iskeyword(given):
        raise GenerationError(f"info.x-client.name: {given!r} cannot be the name of a class.")
    return str(given)


def environment_prefix(name: str) -> str:
    """Return the prefix of the environment variables for a client of this name."""
    return strings.snake_case(name).upper()


def resource_name(tag: str) -> str:
    """Return the client's attribute for the operations of a tag."""
    plain = tag if strings.snake_case(tag).strip("_") else spell(tag)
    name = identifier(plain, "tag_")
    return f"{name}_" if name in _CLIENT_ATTRIBUTES else name


def resource_class(resource: str) -> str:
    """Return the name of the class that holds the operations of a resource."""
    name = strings.pascal_case(resource) + "Resource"
    return name if name.isidentifier() else f"Tag{name}"


def name_operations(document: Document) -> list[OperationNames]:
    """Return the names of all operations; write the ids that are missing into the document."""
    problems: list[str] = []
    found: list[OperationNames] = []
    for place, raw in document.operations():
        tags = [str(tag) for tag in raw.get("tags") or [_UNTAGGED]]
        resource, given = resource_name(tags[0]), raw.get("operationId")
        method = raw.get("x-method-name")
        if method is None and given is not None:
            method = _name_by_id(str(given), tags[0])
        elif method is None:
            method = _name_by_path(document, place, raw, tags[0])
        elif not str(method).isidentifier() or str(method)[0] == "_":
            where = document.where((*place, "x-method-name"))
            code = edit({"x-method-name": _plain(str(method)).strip("_")})
            problems.append(f"{where}: {method!r} cannot be the name of a method.{code}")
        method = str(method)
        if keyword.iskeyword(method) or method in {"self", "with_response"}:
            method += "_"
        made = f"{resource}.{method}" if given is None else str(given)
        found.append(OperationNames(place, raw, made, tags, resource, method, given is None))
    problems += _settle_clashes(document, found)
    if problems:
        raise GenerationError(f"{document.source}: methods cannot be named.", problems)
    taken: set[str] = set()
    for names in found:
        names.module = _plain(names.id)
        while names.module in taken:
            names.module += "_"
        taken.add(names.module)
        names.raw.setdefault("operationId", names.id)
        names.raw.setdefault("responses", {"default": {"description": "Any answer."}})
    return found


def _settle_clashes(document: Document, found: list[OperationNames]) -> Iterator[str]:
    for _, _, group in _clashes(found):
        for names in group:
            if not names.made and "x-method-name" not in names.raw:
                names.method = _plain(names.id)
    for resource, method, group in _clashes(found):
        places = " and ".join(document.where(names.place) for names in group)
        code = edit({"x-method-name": f"{method}_…"}, "one of them")
        yield f"{resource}.{method}: {places} come to this method.{code}"


def _clashes(found: list[OperationNames]) -> list[tuple[str, str, list[OperationNames]]]:
    groups: dict[tuple[str, str], list[OperationNames]] = {}
    for names in found:
        for tag in names.tags:
            groups.setdefault((resource_name(tag), names.method), []).append(names)
    return [(*key, group) for key, group in groups.items() if group[1:]]


def _name_by_id(operation_id: str, tag: str) -> str:
    """Return the operationId without the tag's words: `listClients` under `Clients` is `list`."""
    words = _plain(operation_id).strip("_").split("_")
    noise = _both_numbers(strings.snake_case(tag).split("_"))
    return "_".join(word for word in words if word not in noise) or "_".join(words)


def _name_by_path(document: Document, place: Place, raw: dict[str, Any], tag: str) -> str:
    """Return what people would call the operation with this method on this path.

    `GET /clients/{clientId}` under `Clients` is `get`, `POST /clients/{clientId}/sessions` is
    `create_session`. It follows from nothing else, so that another path changes no name.
    """
    verb = str(place[2])
    parts = [part for part in re.sub(r"[.:](?=\w)", "/", str(place[1])).split("/") if part]
    words = [w for w in (strings.snake_case(p).strip("_") for p in parts if p[0] != "{") if w]
    single = bool(parts) and parts[-1].startswith("{")
    own = _both_numbers([strings.snake_case(tag).strip("_")])
    index = max((i for i, word in enumerate(words) if word in own), default=None)
    nouns = words[-1:] if index is None else words[index + 1 :]
    if tag == _UNTAGGED:
        nouns = [word for word in words if not _VERSION.fullmatch(word)]
    last = words[-1] if words else ""
    if verb == "post" and not single and last.split("_")[0] in _VERBS and nouns:
        if index is None and "_" not in last:
            nouns = words[-2:]
        return "_".join([last, *map(singular, nouns[:-1])])
    many = not single and (singular(last) != last or _answers_list(document, raw))
    if verb == "get":
        action = "list" if many else "get"
    else:
        action = _BY_METHOD.get(verb, verb)
        many = many and verb in {"delete", "patch", "put"}
    nouns = [*map(singular, nouns[:-1]), *(nouns[-1:] if many else map(singular, nouns[-1:]))]
    return "_".join([action, *nouns])


def _answers_list(document: Document, raw: dict[str, Any]) -> bool:
    for status, value in (raw.get("responses") or {}).items():
        response = document.resolve(value) or {}
        for media in (response.get("content") or {}).values() if status[:1] == "2" else ():
            schema = document.resolve(media.get("schema"))
            return isinstance(schema, dict) and schema.get("type") == "array"
    return False


def singular(word: str) -> str:
    """Return an English noun, or the last of several joined by underscores, in the singular."""
    for pattern, ending in (
        (r"ies$", "y"),
        (r"(?<=ss|us|sh|ch|.x|.z)es$", ""),
        (r"(?<![su])s$", ""),
    ):
        shorter = re.sub(pattern, ending, word)
        if shorter != word:
            return shorter
    return word


def _both_numbers(words: Iterable[str]) -> set[str]:
    both: set[str] = set()
    for word in words:
        both |= {word, f"{word}s", word.removesuffix("s"), re.sub("ies$", "y", word)}
    return both


def legal_names(names: Iterable[str], prefix: str, reserved: Iterable[str] = ()) -> dict[str, str]:
    """Return other names for those that come to one Python name, whatever their case, or to none.

    `prefix` goes before what could not begin a Python name; the `reserved` ones none may have.
    """
    names = list(dict.fromkeys(names))
    raw = Counter(_raw(name) for name in names)
    shared = Counter(identifier(name, prefix) for name in names)
    taken = {*shared, *reserved}
    renamed: dict[str, str] = {}
    for name in names:
        # What differs in case alone keeps it; a name of capitals would be a constant.
        is_constant = shared[identifier(name, prefix)] > 1 and _raw(name).isupper()
        if raw[_raw(name)] > 1 or identifier(name, prefix) in reserved or is_constant:
            other = spell(name) if raw[_raw(name)] > 1 else f"{name} field"
            while identifier(other, prefix) in taken:
                other += "_2"
            taken.add(identifier(other, prefix))
            renamed[name] = other
    return renamed


@cache
def _raw(name: str) -> str:
    return str(strings.PythonIdentifier(name, prefix="field_", skip_snake_case=True))
