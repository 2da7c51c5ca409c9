# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/lazy_init.py.jinja.
"""The models that requests and answers hold."""

from typing import TYPE_CHECKING

from .. import _lazy

if TYPE_CHECKING:
    from .client import Client
    from .client_session import ClientSession
    from .client_summary import ClientSummary
    from .client_web_otp import ClientWebOtp
    from .create_client_request import CreateClientRequest
    from .created_client import CreatedClient
    from .error import Error
else:
    # What is not asked for is not imported.
    __getattr__, __dir__ = _lazy.export(
        __name__,
        {
            "Client": ".client",
            "ClientSession": ".client_session",
            "ClientSummary": ".client_summary",
            "ClientWebOtp": ".client_web_otp",
            "CreateClientRequest": ".create_client_request",
            "CreatedClient": ".created_client",
            "Error": ".error",
        },
    )

__all__ = [
    "Client",
    "ClientSession",
    "ClientSummary",
    "ClientWebOtp",
    "CreateClientRequest",
    "CreatedClient",
    "Error",
]
