# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/lazy_init.py.jinja.
"""The resources, one for each tag: what a client's attributes hold."""

from typing import TYPE_CHECKING

from .. import _lazy

if TYPE_CHECKING:
    from .clients import AsyncClientsResource, ClientsResource
else:
    # What is not asked for is not imported.
    __getattr__, __dir__ = _lazy.export(
        __name__,
        {
            "AsyncClientsResource": ".clients",
            "ClientsResource": ".clients",
        },
    )

__all__ = [
    "AsyncClientsResource",
    "ClientsResource",
]
