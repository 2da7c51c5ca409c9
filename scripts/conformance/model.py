"""What a server has to know after what was done to it, as far as the document tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .document import operations, resolved
from .endpoints import Endpoint

SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class Maker:
    """An operation that makes something which other operations name.

    Attributes:
        operation_id: The operation.
        pointer: Where its answer has the new thing's id, as a JSON pointer.
        parameter: The path parameter that takes the id.
        visitors: The operations that take it, by operationId.
        lists: The operations that list all such things, by operationId.
        key: The property that has the id in the answers of these.
    """

    operation_id: str
    pointer: str
    parameter: str
    visitors: tuple[str, ...]
    lists: tuple[str, ...]

    @property
    def key(self) -> str:
        """The property that has the id, in the maker's answer and in a list's items."""
        return self.pointer.rsplit("/", 1)[-1]


def makers(
    document: Mapping[str, Any], endpoints: Mapping[str, Endpoint], remembered: set[str] | None
) -> list[Maker]:
    """Return what the document's links tell: an answer's value that fills a path parameter.

    Args:
        document: The OpenAPI document.
        endpoints: The package's operations.
        remembered: The operations whose effects the server remembers; None for all.
    """
    found = []
    for path, _, operation, _ in operations(document):
        maker = operation["operationId"]
        if remembered is not None and maker not in remembered:
            continue
        identity = next(_identities(document, operation, endpoints), None)
        if identity is None:
            continue
        parameter, pointer = identity
        known = [
            one
            for one in endpoints.values()
            if remembered is None or one.operation_id in remembered
        ]
        visitors = [
            one.operation_id
            for one in known
            if [name for place, name in one.parameters if place == "path"] == [parameter]
        ]
        lists = [
            one.operation_id
            for one in known
            if one.path == path and one.method == "GET" and _is_list(document, one.operation_id)
        ]
        found.append(Maker(maker, pointer, parameter, tuple(visitors), tuple(lists)))
    return found


def secret_names(document: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of all properties that the document calls passwords."""
    schemas = document.get("components", {}).get("schemas", {})
    return frozenset(_passwords(schemas))


def look_up(value: Any, pointer: str) -> Any:
    """Return what a JSON pointer points to, or None."""
    for part in pointer.strip("/").split("/"):
        value = value.get(part) if isinstance(value, dict) else None
    return value


@dataclass
class Custodian:
    """What one custodian has to see.

    Attributes:
        key: The custodian's API key.
        things: What is known of each thing, by its id.
        unsure: How many things may have been made without anybody being told their ids.
    """

    key: str = field(repr=False)
    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    unsure: int = 0


class Model:
    """The state that a server has to have.

    Args:
        maker: What makes the things of the state.
        secrets: Names of properties that are secrets.
        keys: The custodians' API keys.
    """

    def __init__(self, maker: Maker, secrets: frozenset[str], keys: tuple[str, ...]) -> None:
        self._maker = maker
        self._secrets = secrets
        self._handed_out: set[str] = set()
        self.custodians = [Custodian(key) for key in keys]

    def made(self, custodian: Custodian, body: Any, answer: Any) -> Iterator[str]:
        """Take note of a new thing, and yield what is wrong with the answer."""
        identity = look_up(answer, self._maker.pointer)
        if any(identity in one.things for one in self.custodians):
            yield f"{self._maker.pointer}: the id of something that was there before"
            return
        known = dict(answer)
        yield from _echo(body, answer)
        for name in sorted(self._secrets & known.keys()):
            yield from self._fresh(name, known[name])
        custodian.things[identity] = known

    def visited(
        self, custodian: Custodian, identity: str, method: str, body: Any, answer: Any
    ) -> Iterator[str]:
        """Take note of what an operation on one thing answered, and yield what is wrong with it."""
        if method == "DELETE":
            del custodian.things[identity]
            return
        if not isinstance(answer, dict):
            return
        known = custodian.things[identity]
        yield from _echo(body, answer)
        if isinstance(body, dict):
            known.update({name: value for name, value in body.items() if name in answer})
        for name, value in answer.items():
            is_secret = name in self._secrets
            if is_secret and (method not in SAFE or name not in known):
                # A secret that is not a lasting property is a new one each time.
                yield from self._fresh(name, value)
                known.pop(name, None)
            elif name in known and known[name] != value:
                yield f"$.{name}: another value than was told before"
            elif not is_secret:
                known[name] = value

    def listed(self, custodian: Custodian, answer: Any) -> Iterator[str]:
        """Compare a list of everything with the state, and yield what is wrong with it.

        What somebody made without being told, and only that, may be new in it.
        """
        if not isinstance(answer, list):
            yield "$: no list"
            return
        items = {str(item[self._maker.key]): item for item in answer}
        if len(items) != len(answer):
            yield "$: something is listed twice"
        missing = custodian.things.keys() - items.keys()
        if missing:
            yield f"$: {len(missing)} that were made are not listed"
        new = items.keys() - custodian.things.keys()
        if len(new) > custodian.unsure:
            yield f"$: {len(new)} listed that were never made, at most {custodian.unsure} may be"
        if any(
            one in other.things
            for one in new
            for other in self.custodians
            if other is not custodian
        ):
            yield "$: another custodian's are listed"
        custodian.unsure = 0
        for identity, item in items.items():
            known = custodian.things.setdefault(identity, {})
            for name, value in item.items():
                if known.setdefault(name, value) != value:
                    yield f"$[].{name}: another value than was told before"

    def _fresh(self, name: str, value: Any) -> Iterator[str]:
        if value in self._handed_out:
            yield f"$.{name}: a secret that was handed out before"
        self._handed_out.add(value)


def _identities(
    document: Mapping[str, Any], operation: Mapping[str, Any], endpoints: Mapping[str, Endpoint]
) -> Iterator[tuple[str, str]]:
    for response in operation["responses"].values():
        for link in resolved(document, response).get("links", {}).values():
            target = endpoints.get(resolved(document, link).get("operationId", ""))
            for name, value in resolved(document, link).get("parameters", {}).items():
                is_body = str(value).startswith("$response.body#/")
                if target is not None and is_body and ("path", name) in target.parameters:
                    yield name, str(value).removeprefix("$response.body#")


def _is_list(document: Mapping[str, Any], operation_id: str) -> bool:
    for _, _, operation, _ in operations(document):
        if operation["operationId"] == operation_id:
            for status, response in operation["responses"].items():
                content = resolved(document, response).get("content", {})
                schema = resolved(document, content.get("application/json", {}).get("schema", {}))
                if str(status).startswith("2") and schema.get("type") == "array":
                    return True
    return False


def _passwords(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        properties = value.get("properties")
        if isinstance(properties, dict):
            for name, schema in properties.items():
                if isinstance(schema, dict) and schema.get("format") == "password":
                    yield name
        for inner in value.values():
            yield from _passwords(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _passwords(inner)


def _echo(body: Any, answer: Any) -> Iterator[str]:
    """What was asked for and is told in the answer is told as it was asked for."""
    if isinstance(body, dict) and isinstance(answer, dict):
        for name in sorted(body.keys() & answer.keys()):
            if body[name] != answer[name]:
                yield f"$.{name}: not what was asked for"
