# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/api_init.py.jinja.
"""The operations, one module each, grouped by tag; all of them in `OPERATIONS`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .._core.operation import (
    Body,
    Credential,
    Link,
    ListOperation,
    Operation,
    Operations,
    Parameter,
)
from .._service import OperationId

OPERATIONS: Final[Mapping[str, Operation[Any]]] = Operations(
    __name__,
    {
        "listClients": ".clients.list_clients",
        "createClient": ".clients.create_client",
        "getClient": ".clients.get_client",
        "refreshClientSession": ".clients.refresh_client_session",
        "generateClientWebOtp": ".clients.generate_client_web_otp",
    },
)
"""Every operation of the specification by its operationId."""

__all__ = [
    "OPERATIONS",
    "Body",
    "Credential",
    "Link",
    "ListOperation",
    "Operation",
    "OperationId",
    "Parameter",
]
