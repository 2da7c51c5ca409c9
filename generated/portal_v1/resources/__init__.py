# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/resources_init.py.jinja.
"""The resources, one for each tag: what a client's attributes hold."""

from .clients import AsyncClientsResource, ClientsResource

__all__ = [
    "AsyncClientsResource",
    "ClientsResource",
]
