# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/service.py.jinja.
"""What the specification says of the service as a whole."""

from __future__ import annotations

import logging
import sys
from typing import Final, Literal, TypeAlias

from ._core.settings import ServiceInfo
from ._version import __version__

# Where nobody has set logging up, a warning is not for stderr.
logging.getLogger("portal_v1").addHandler(logging.NullHandler())

OperationId: TypeAlias = Literal[
    "listClients",
    "createClient",
    "getClient",
    "refreshClientSession",
    "generateClientWebOtp",
]
"""The operations of the specification, by operationId."""

SERVICE: Final = ServiceInfo(
    name="Portal",
    base_url="https://api.portalhq.io/api/v1",
    environment="PORTAL",
    key_variable="PORTAL_API_KEY",
    url_variable="PORTAL_BASE_URL",
    content_type="application/json",
    error_fields=(
        "error",
        "message",
    ),
    user_agent=f"portal-v1/{__version__} python/{sys.version.split()[0]}",
    logger="portal_v1",
    needs_key=True,
)
