"""The names that a document's operations, tags and title get in Python."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from openapi_python_client import strings

from .document import Document
from .errors import GenerationError, edit
from .reading import Place

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
    """What an operation is called.

    Attributes:
        place: Where it stands in the document.
        id: Its operationId, or one made of its names.
        tags: The titles of its tags.
        resource: The client's attribute for its first tag.
        method: The name of its method.
        module: The name of its module, which no other operation has.
        made: Whether the document gives it no operationId.
    """

    place: Place
    id: str
    tags: list[str]
    resource: str
    method: str
    module: str = ""
    made: bool = False


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


def iterator_name(method: str) -> str:
    """Return the name of the method that yields what `method` returns in a list."""
    return "iter" if method == "list" else f"iter_{method}"


def name_operations(document: Document) -> list[OperationNames]:
    """Return the names of all operations; write the ids that are missing into the document.

    Raises:
        GenerationError: Operations without an id come to one name, or an x-method-name is none.
    """
    problems: list[str] = []
    found: list[OperationNames] = []
    for place, operation in document.operations():
        tags = [str(tag) for tag in operation.get("tags") or [_UNTAGGED]]
        given = operation.get("operationId")
        method = operation.get("x-method-name")
        if method is None:
            made = from_operation_id if given is not None else from_path
            method = made(document, place, tags[0])
        elif not isinstance(method, str) or not method.isidentifier() or method.startswith("_"):
            where = document.where((*place, "x-method-name"))
            problems.append(f"{where}: {method!r} cannot be the name of a method.")
            continue
        if keyword.iskeyword(method) or method in {"self", "with_response"}:
            method += "_"
        resource = resource_name(tags[0])
        operation_id = f"{resource}.{method}" if given is None else str(given)
        found.append(
            OperationNames(place, operation_id, tags, resource, method, made=given is None)
        )
    problems += _settle_clashes(document, found)
    if problems:
        raise GenerationError(f"{document.source}: operations come to one name.", problems)
    _name_modules(found)
    for names in found:
        _, path, verb = names.place
        operation = document.resolve(document.data["paths"][path])[verb]
        operation.setdefault("operationId", names.id)
        operation.setdefault("responses", {"default": {"description": "Any answer."}})
    return found


def _settle_clashes(document: Document, found: list[OperationNames]) -> list[str]:
    problems = []
    for full in (False, True):
        groups: dict[tuple[str, str], list[OperationNames]] = {}
        for names in found:
            for tag in names.tags:
                groups.setdefault((resource_name(tag), names.method), []).append(names)
        for (resource, method), group in groups.items():
            if group[1:] == []:
                continue
            for names in group:
                operation = document.resolve(document.data["paths"][names.place[1]])[names.place[2]]
                if not full and not names.made and "x-method-name" not in operation:
                    names.method = _plain(names.id)
            if full:
                places = " and ".join(document.where(names.place) for names in group)
                problems.append(
                    f"{resource}.{method}: {places} come to this method."
                    + edit({"x-method-name": f"{method}_…"}, "one of them")
                )
    return problems


def _name_modules(found: list[OperationNames]) -> None:
    taken: set[str] = set()
    for names in found:
        module = _plain(names.id)
        while module in taken:
            module += "_"
        taken.add(module)
        names.module = module


def from_operation_id(document: Document, place: Place, tag: str) -> str:
    """Return the operationId with the tag's words, in singular and plural, taken out.

    `listClients` under `Clients` is `list`.
    """
    operation = document.resolve(document.data["paths"][place[1]])[place[2]]
    words = _plain(str(operation["operationId"])).strip("_").split("_")
    noise = _both_numbers(strings.snake_case(tag).split("_"))
    return "_".join(word for word in words if word not in noise) or "_".join(words)


def from_path(document: Document, place: Place, tag: str) -> str:
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
    many = not single and (_is_plural(last) or _answers_list(document, place))
    if verb == "get":
        action = "list" if many else "get"
    else:
        action = _BY_METHOD.get(verb, verb)
        many = many and verb in {"delete", "patch", "put"}
    nouns = [*map(singular, nouns[:-1]), *(nouns[-1:] if many else map(singular, nouns[-1:]))]
    return "_".join([action, *nouns])


def _answers_list(document: Document, place: Place) -> bool:
    operation = document.resolve(document.data["paths"][place[1]])[place[2]]
    for status, value in (operation.get("responses") or {}).items():
        response = document.resolve(value) or {}
        for media in (response.get("content") or {}).values() if status[:1] == "2" else ():
            schema = document.resolve(media.get("schema"))
            return isinstance(schema, dict) and schema.get("type") == "array"
    return False


def _is_plural(word: str) -> bool:
    return singular(word) != word


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

    Args:
        names: The names as the document has them.
        prefix: What a name begins with that could not begin a Python name.
        reserved: Python names that none may have.
    """
    names = list(dict.fromkeys(names))
    raw = Counter(_raw(name) for name in names)
    taken = {identifier(name, prefix) for name in names} | set(reserved)
    renamed: dict[str, str] = {}
    for name in names:
        if raw[_raw(name)] > 1 or identifier(name, prefix) in reserved:
            other = spell(name) if raw[_raw(name)] > 1 else f"{name} field"
            while identifier(other, prefix) in taken:
                other += "_2"
            taken.add(identifier(other, prefix))
            renamed[name] = other
    return renamed


@cache
def _raw(name: str) -> str:
    return str(strings.PythonIdentifier(name, prefix="field_", skip_snake_case=True))
