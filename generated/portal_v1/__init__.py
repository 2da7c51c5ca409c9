# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/package_init.py.jinja.
"""Clients of a custodian, their session tokens and web one-time passwords.

`Portal` for threads, `AsyncPortal` for an event loop; see there. The models
are in `portal_v1.models`, a mock server in `portal_v1.mock`.
"""

from typing import TYPE_CHECKING

from . import _lazy
from ._version import __version__

if TYPE_CHECKING:
    from ._core.call import CallEvent
    from ._core.pace import Pace
    from .client import AsyncPortal, Portal
    from .errors import (
        APIConnectionError,
        APIStatusError,
        APITimeoutError,
        AuthenticationError,
        BadRequestError,
        ConfigurationError,
        ConflictError,
        InvalidRequestError,
        InvalidResponseError,
        NotFoundError,
        PermissionDeniedError,
        PortalError,
        RateLimitError,
        ServerError,
    )
    from .types import UNSET, File, Outcome, Response, Unset
else:
    # What is not asked for is not imported.
    __getattr__, __dir__ = _lazy.export(
        __name__,
        {
            **dict.fromkeys(("AsyncPortal", "Portal"), ".client"),
            **dict.fromkeys(("UNSET", "File", "Outcome", "Response", "Unset"), ".types"),
            **dict.fromkeys(
                (
                    "APIConnectionError",
                    "APIStatusError",
                    "APITimeoutError",
                    "AuthenticationError",
                    "BadRequestError",
                    "ConfigurationError",
                    "ConflictError",
                    "InvalidRequestError",
                    "InvalidResponseError",
                    "NotFoundError",
                    "PermissionDeniedError",
                    "PortalError",
                    "RateLimitError",
                    "ServerError",
                ),
                ".errors",
            ),
            "CallEvent": "._core.call",
            "Pace": "._core.pace",
            **{
                name: f".{name}"
                for name in ("api", "client", "errors", "models", "resources", "testing", "types")
            },
        },
    )

__all__ = [
    "UNSET",
    "APIConnectionError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncPortal",
    "AuthenticationError",
    "BadRequestError",
    "CallEvent",
    "ConfigurationError",
    "ConflictError",
    "File",
    "InvalidRequestError",
    "InvalidResponseError",
    "NotFoundError",
    "Outcome",
    "Pace",
    "PermissionDeniedError",
    "Portal",
    "PortalError",
    "RateLimitError",
    "Response",
    "ServerError",
    "Unset",
    "__version__",
]
