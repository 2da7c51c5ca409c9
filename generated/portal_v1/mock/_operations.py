# Edited in overrides/package/mock/_operations.py, from where `make generate` copies it.
"""The operations of a document, compiled: what each takes and what each may answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ._bodies import RequestBody, compile_body
from ._errors import DocumentError
from ._json import members
from ._parameters import Parameter, compile_parameters
from ._responses import Responses, compile_responses
from ._schemas import Schemas
from ._security import Security, compile_security

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document."""

    id: str  # the operationId, or method and path where it has none
    method: str
    path: str  # the template, without the server's path
    parameters: tuple[Parameter, ...] = field(repr=False)
    body: RequestBody | None = field(repr=False)
    responses: Responses = field(repr=False)
    security: Security = field(repr=False)


def compile_operations(requests: Schemas, responses: Schemas) -> Iterator[Operation]:
    """Every operation of the document.

    Args:
        requests: The document's schemas as they hold for requests.
        responses: The same document's schemas as they hold for responses.

    Raises:
        DocumentError: The document holds something that cannot be served. The text says where.
    """
    for path, node in members(requests.document, "paths").items():
        incoming = requests.resolve(node)
        outgoing = responses.resolve(responses.document["paths"][path])
        for method in _METHODS:
            if method not in incoming:
                continue
            where = f"{method.upper()} {path}"
            try:
                yield _compiled(requests, responses, incoming, outgoing, (method, path, where))
            except (KeyError, TypeError, AttributeError) as error:
                raise DocumentError(
                    f"{where}: the document is not valid OpenAPI ({error!r})."
                ) from error


def _compiled(
    requests: Schemas,
    responses: Schemas,
    incoming: Mapping[str, Any],
    outgoing: Mapping[str, Any],
    names: tuple[str, str, str],
) -> Operation:
    method, path, where = names
    node = incoming[method]
    requirements: Sequence[Any] = node.get("security", requests.document.get("security", ()))
    return Operation(
        id=node.get("operationId", where),
        method=method.upper(),
        path=path,
        parameters=compile_parameters(
            requests, incoming.get("parameters", ()), node.get("parameters", ()), where
        ),
        body=compile_body(requests, node.get("requestBody"), where),
        responses=compile_responses(responses, members(outgoing[method], "responses"), where),
        security=compile_security(requests, requirements, where),
    )
