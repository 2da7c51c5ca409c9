# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/package_init.py.jinja.
"""Clients of a custodian, their session tokens and web one-time passwords.

`Portal` for threads, `AsyncPortal` for an event loop; see there. The models
are in `portal_v1.models`, a mock server in `portal_v1.mock`.
"""

from ._core.events import CallEvent
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
from .types import UNSET, File, Response, Unset

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
