# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/models_init.py.jinja.
"""The models that requests and answers hold."""

from .client import Client
from .client_session import ClientSession
from .client_summary import ClientSummary
from .client_web_otp import ClientWebOtp
from .create_client_request import CreateClientRequest
from .created_client import CreatedClient
from .error import Error

__all__ = [
    "Client",
    "ClientSession",
    "ClientSummary",
    "ClientWebOtp",
    "CreateClientRequest",
    "CreatedClient",
    "Error",
]
