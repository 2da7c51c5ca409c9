"""The names that a document's operations, tags and title get in Python."""

import keyword
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any

from openapi_python_client import strings

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
_VERSION = re.compile(r"api|rest|v_?\d+")
_BY_METHOD = {"put": "replace", "patch": "update", "post": "create"}


@cache
def identifier(name: str, prefix: str = "field_") -> strings.PythonIdentifier:
    """Return a name in Python's spelling, as openapi-python-client spells it."""
    return strings.PythonIdentifier(name, prefix=prefix)


@cache
def spell(text: str) -> str:
    """Return a text in which each symbol is replaced by its Unicode name."""
    return " ".join(
        part if part.isalnum() or part in "_ " else f" {unicodedata.name(part, 'symbol').lower()} "
        for part in re.findall(r"[^\W_]+|.", text, flags=re.DOTALL)
    )


def spell_id(operation_id: str) -> str:
    """Return an operationId in Python's spelling."""
    return identifier(re.sub(r"\W+", "_", operation_id), "call_")


def client_name(document: dict[str, Any]) -> str:
    """Return the name of the client class: what the document says, else its title."""
    info = document["info"]
    title = re.sub(r"(?i)[\s_-]+api\s*$", "", str(info["title"]))
    given = str((info.get("x-client") or {}).get("name", title))
    name = strings.pascal_case(given) or strings.pascal_case(spell(given)) or "Service"
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"Client{name}"


def resource_name(tag: str) -> str:
    """Return the client's attribute for the operations of a tag."""
    plain = tag if strings.snake_case(tag).strip("_") else spell(tag)
    name = identifier(plain, "tag_")
    return f"{name}_" if name in _CLIENT_ATTRIBUTES else name


def resource_class(resource: str) -> str:
    """Return the name of the class that holds the operations of a resource."""
    return strings.pascal_case(resource) + "Resource"


def name_by_id(operation_id: str, tag: str) -> str:
    """Return the operationId without the tag's words: `listClients` under `Clients` is `list`."""
    words = spell_id(operation_id).strip("_").split("_")
    noise = {*map(singular, strings.snake_case(tag).split("_"))}
    return "_".join(word for word in words if singular(word) not in noise) or "_".join(words)


def name_by_path(verb: str, path: str, tag: str, *, many: bool) -> str:
    """Return what people would call the operation with this method on this path.

    `GET /clients/{clientId}` under `Clients` is `get`, `POST /clients/{clientId}/sessions` is
    `create_session`. It follows from nothing else but whether it answers with a list (`many`), so
    that another path changes no name.
    """
    parts = [part for part in re.sub(r"[.:](?=\w)", "/", path).split("/") if part]
    words = [w for w in (strings.snake_case(p).strip("_") for p in parts if p[0] != "{") if w]
    single = bool(parts) and parts[-1].startswith("{")
    own = singular(strings.snake_case(tag).strip("_"))
    index = max((i for i, word in enumerate(words) if singular(word) == own), default=None)
    nouns = words[-1:] if index is None else words[index + 1 :]
    if tag == "default":
        nouns = [word for word in words if not _VERSION.fullmatch(word)]
    last = words[-1] if words else ""
    if verb == "post" and not single and last.split("_")[0] in _VERBS and nouns:
        if index is None and "_" not in last:
            nouns = words[-2:]
        return "_".join([last, *map(singular, nouns[:-1])])
    many = not single and (many or singular(last) != last)
    action = "list" if verb == "get" and many else _BY_METHOD.get(verb, verb)
    if not many or verb not in {"get", "delete", "patch", "put"}:
        nouns = [*nouns[:-1], *map(singular, nouns[-1:])]
    return "_".join([action, *map(singular, nouns[:-1]), *nouns[-1:]])


def singular(word: str) -> str:
    """Return an English noun, or the last of several joined by underscores, in the singular."""
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return re.sub(r"(?<=ss|us|sh|ch|.x|.z)es$|(?<![su])s$", "", word)


def find_aliases(names: Iterable[str], reserved: Iterable[str] = ()) -> dict[str, str]:
    """Return other names for those that come to one Python name, or to a reserved one."""
    taken, aliases = {"field_", *reserved}, dict[str, str]()  # The first is a name of symbols.
    for name in dict.fromkeys(names):
        other = spell(name) if identifier(name) in taken else name
        while identifier(other) in taken:
            other += " field"
        taken.add(identifier(other))
        if other != name:
            aliases[name] = other
    return aliases


def name_values(values: list[str]) -> list[str]:
    """Return the names of an enum's members, as openapi-python-client names them, each once."""
    names: list[str] = []
    for number, value in enumerate(values):
        name = strings.snake_case(value.upper()).upper()
        if not value[:1].isalpha() or not name.isidentifier():
            name = f"VALUE_{number}"
        while name in names:
            name += "_2"
        names.append(name)
    return names


def title_schemas(components: dict[str, Any], reserved: set[str]) -> dict[str, str]:
    """Return a title for each schema that comes to no other's class, nor to a reserved one."""
    taken, titles = {*map(plain_name, reserved)}, dict[str, str]()
    for name, schema in components.items():
        title, called = (isinstance(schema, dict) and schema.get("title")) or name, name
        while plain_name(title) in taken:
            title = called = f"{called}Model"
        taken.add(plain_name(title))
        titles[name] = title
    return titles


def plain_name(name: str) -> str:
    """Return a name's letters and digits in small letters, by which files cannot be told apart."""
    return "".join(filter(str.isalnum, name.lower()))
