# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/package_init.py.jinja.
"""Clients of a custodian, their session tokens and web one-time passwords.

`Portal` for threads, `AsyncPortal` for an event loop; see there. The models
are in `portal_v1.models`, a mock server in `portal_v1.mock`.
"""

from typing import TYPE_CHECKING

from . import _lazy

if TYPE_CHECKING:
    from ._core.call import CallEvent
    from ._core.pace import Pace
    from ._version import __version__
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
            "APIConnectionError": ".errors",
            "APIStatusError": ".errors",
            "APITimeoutError": ".errors",
            "AsyncPortal": ".client",
            "AuthenticationError": ".errors",
            "BadRequestError": ".errors",
            "CallEvent": "._core.call",
            "ConfigurationError": ".errors",
            "ConflictError": ".errors",
            "File": ".types",
            "InvalidRequestError": ".errors",
            "InvalidResponseError": ".errors",
            "NotFoundError": ".errors",
            "Outcome": ".types",
            "Pace": "._core.pace",
            "PermissionDeniedError": ".errors",
            "Portal": ".client",
            "PortalError": ".errors",
            "RateLimitError": ".errors",
            "Response": ".types",
            "ServerError": ".errors",
            "UNSET": ".types",
            "Unset": ".types",
            "__version__": "._version",
            "api": ".api",
            "client": ".client",
            "errors": ".errors",
            "models": ".models",
            "resources": ".resources",
            "testing": ".testing",
            "types": ".types",
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
