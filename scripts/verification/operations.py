"""What the document says of each operation: parameters, body, answers, links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.document import operations
from portal_v1.mock._schemas import Schemas
from portal_v1.mock._values import is_json

_SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
_DEEPEST_EXAMPLE = 20


@dataclass(frozen=True)
class Parameter:
    """A parameter.

    Attributes:
        name: Its name on the wire.
        location: path, query, header or cookie.
        required: Whether it has to be sent.
        example: A value that the document names for it, alone in a tuple; else an empty one.
    """

    name: str
    location: str
    required: bool
    example: tuple[Any, ...]


@dataclass(frozen=True)
class Body:
    """A request's body.

    Attributes:
        required: Whether it has to be sent.
        example: A body that the document names, alone in a tuple; else an empty one.
    """

    required: bool
    example: tuple[Any, ...]


@dataclass(frozen=True)
class Link:
    """How what one operation answers feeds another.

    Attributes:
        source: The operationId of the one that answers.
        status: The status that the link stands under.
        target: The operationId of the one that is fed.
        parameters: Runtime expressions or values, by parameter.
        body: The same for the body, alone in a tuple; else an empty one.
        is_of_something_new: Whether the answer tells that its request made something.
    """

    source: str
    status: str
    target: str
    parameters: Mapping[str, Any]
    body: tuple[Any, ...]
    is_of_something_new: bool

    def feed_of(self, parameter: Parameter) -> tuple[Any, ...]:
        """Return the expression for a parameter, alone in a tuple; else an empty one."""
        for name in (f"{parameter.location}.{parameter.name}", parameter.name):
            if name in self.parameters:
                return (self.parameters[name],)
        return ()


@dataclass(frozen=True)
class Operation:
    """An operation.

    Attributes:
        id: Its operationId.
        method: Its method, in capitals.
        path: Its path below the base URL, as the document writes it.
        summary: What it does, in the document's words.
        parameters: What it takes, but for its body.
        body: Its body; None where it takes none.
        responses: What it answers, by status as the document writes it, references followed.
        links: Whom its answers feed.
    """

    id: str
    method: str
    path: str
    summary: str
    parameters: tuple[Parameter, ...] = field(repr=False)
    body: Body | None = field(repr=False)
    responses: Mapping[str, Mapping[str, Any]] = field(repr=False)
    links: tuple[Link, ...] = field(repr=False)

    @property
    def is_safe(self) -> bool:
        """Whether its method promises to change nothing."""
        return self.method in _SAFE

    @property
    def deletes(self) -> bool:
        """Whether its method says that it deletes."""
        return self.method == "DELETE"

    @property
    def creates(self) -> bool:
        """Whether the document says that it makes something new: it answers 201."""
        return _makes(self.method, self.responses)

    @property
    def path_parameters(self) -> tuple[Parameter, ...]:
        """The parameters in its path."""
        return tuple(one for one in self.parameters if one.location == "path")

    def response(self, status: int) -> tuple[str, Mapping[str, Any]] | None:
        """Return how the document names this status, and the answer; None where it does not."""
        for name in (str(status), f"{status // 100}XX", "default"):
            if name in self.responses:
                return name, self.responses[name]
        return None

    @property
    def success(self) -> tuple[str, Mapping[str, Any]] | None:
        """The first documented success, or the default answer; None where there is neither."""
        for name, response in self.responses.items():
            if name.startswith("2"):
                return name, response
        return ("default", self.responses["default"]) if "default" in self.responses else None


def _makes(method: str, responses: Mapping[str, Any]) -> bool:
    return method in {"POST", "PUT"} and "201" in responses


class Reader:
    """Reads the operations of a document.

    Args:
        document: An OpenAPI document, 3.0 or 3.1, in which each operation has an operationId.

    Raises:
        DocumentError: It cannot be read.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._requests = Schemas(document, "request")
        self.responses = Schemas(document, "response")

    def operations(self) -> tuple[Operation, ...]:
        """Return every operation, in the document's order."""
        return tuple(self._operations())

    def _operations(self) -> Iterator[Operation]:
        answering = {
            (path, method): node["responses"]
            for path, method, node, _ in operations(self.responses.document)
        }
        ids = {
            f"#/paths/{_escaped(path)}/{method}": node["operationId"]
            for path, method, node, _ in operations(self._requests.document)
        }
        for path, method, node, parameters in operations(self._requests.document):
            responses = {
                str(status): self.responses.resolve(one)
                for status, one in answering[path, method].items()
            }
            yield Operation(
                id=node["operationId"],
                method=method.upper(),
                path=path,
                summary=node.get("summary", ""),
                parameters=tuple(map(self._parameter, parameters)),
                body=self._body(node.get("requestBody")),
                responses=responses,
                links=tuple(self._links(node["operationId"], method.upper(), responses, ids)),
            )

    def _parameter(self, node: Mapping[str, Any]) -> Parameter:
        holder = next(iter(node.get("content", {}).values()), node)
        return Parameter(
            name=node["name"],
            location=node["in"],
            required=node["in"] == "path" or node.get("required") is True,
            example=self._beside(node) or self._of(holder.get("schema", {})),
        )

    def _body(self, node: Any) -> Body | None:
        if node is None:
            return None
        body = self._requests.resolve(node)
        kinds: Mapping[str, Any] = body.get("content", {})
        kind = next(filter(is_json, kinds), next(iter(kinds), ""))
        media: Mapping[str, Any] = kinds.get(kind, {})
        return Body(
            required=body.get("required") is True,
            example=self._beside(media) or self._of(media.get("schema", True)),
        )

    def _links(
        self,
        source: str,
        method: str,
        responses: Mapping[str, Mapping[str, Any]],
        ids: Mapping[str, str],
    ) -> Iterator[Link]:
        for status, response in responses.items():
            for node in (response.get("links") or {}).values():
                link = self.responses.resolve(node)
                target = link.get("operationId") or ids.get(str(link.get("operationRef")), "")
                if target:
                    yield Link(
                        source=source,
                        status=status,
                        target=target,
                        parameters=link.get("parameters") or {},
                        body=(link["requestBody"],) if "requestBody" in link else (),
                        is_of_something_new=status == "201" and _makes(method, responses),
                    )

    def _beside(self, node: Mapping[str, Any]) -> tuple[Any, ...]:
        """The example that stands beside a schema."""
        if "example" in node:
            return (node["example"],)
        for one in (node.get("examples") or {}).values():
            example = self._requests.resolve(one)
            if "value" in example:
                return (example["value"],)
        return ()

    def _of(self, schema: Any, depth: int = 0) -> tuple[Any, ...]:
        """An example of a schema, made of nothing but values that the document names."""
        if schema is False:
            return ()
        flat = self._requests.flatten(schema)
        if "const" in flat:
            return (flat["const"],)
        for name in ("examples", "enum"):
            if flat.get(name):
                return (flat[name][0],)
        for name in ("example", "default"):
            if name in flat:
                return (flat[name],)
        is_object = "properties" in flat or "object" in flat.get("type", ())
        if not is_object or depth > _DEEPEST_EXAMPLE:
            return ()
        properties: Mapping[str, Any] = flat.get("properties", {})
        made: dict[str, Any] = {}
        for name in flat.get("required", ()):
            found = self._of(properties.get(name, False), depth + 1)
            if not found:
                return ()
            made[name] = found[0]
        return (made,)


def _escaped(path: str) -> str:
    return path.replace("~", "~0").replace("/", "~1")
