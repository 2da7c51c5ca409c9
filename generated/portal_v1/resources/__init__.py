"""The resources, one for each tag: what a client's attributes hold."""

from .clients import AsyncClientsResource, ClientsResource

__all__ = [
    "AsyncClientsResource",
    "ClientsResource",
]
