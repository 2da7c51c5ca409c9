"""What is tested: a package, the document that it is held to, and the server between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import schemathesis
from schemathesis.schemas import BaseSchema

from .credentials import credentials
from .document import operations
from .endpoints import Endpoint
from .findings import Order
from .settings import configured
from .stateless import NO_CHECKS
from .target import Target


@dataclass(frozen=True)
class Subject:
    """What is tested.

    Attributes:
        package: The generated package, whose client sends.
        document: The OpenAPI document that the answers are held to.
        endpoints: The package's operations by operationId.
        target: The server.
        order: What was asked for.
    """

    package: ModuleType
    document: Mapping[str, Any]
    endpoints: Mapping[str, Endpoint]
    target: Target
    order: Order

    def schema(self) -> BaseSchema:
        """Return what schemathesis makes its cases from."""
        config = configured(
            self.document,
            self.target,
            seed=self.order.seed,
            examples=self.order.examples,
            excluded=[name for name in self.target.left_out if name not in NO_CHECKS],
        )
        schema = schemathesis.openapi.from_dict(dict(self.document), config=config)
        survives = self.target.survives
        if survives is not None:
            schema.hook("filter_body")(lambda _, body: survives(body))
        return schema

    def operation_id(self, label: str | None) -> str:
        """Return the operationId for what schemathesis calls an operation."""
        for one in self.endpoints.values():
            if label == f"{one.method} {one.path}":
                return one.operation_id
        return label or "the document"

    def repeatable(self) -> frozenset[str]:
        """Return the operations that may be sent again, by what the document says."""
        return frozenset(
            operation["operationId"]
            for _, method, operation, _ in operations(self.document)
            if method in {"get", "head", "put", "delete"} or operation.get("x-repeatable")
        )

    def shell_credentials(self) -> dict[str, str]:
        """Return the header that carries the key, with a shell's variable in its place."""
        variable = f"${self.package.client.SERVICE.environment}_API_KEY"
        return credentials(self.document, variable)
