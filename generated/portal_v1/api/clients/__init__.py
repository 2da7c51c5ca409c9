# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/lazy_init.py.jinja.
"""The operations of one tag."""

from typing import TYPE_CHECKING

from ... import _lazy

if TYPE_CHECKING:
    from . import (
        create_client,
        generate_client_web_otp,
        get_client,
        list_clients,
        refresh_client_session,
    )
else:
    # What is not asked for is not imported.
    __getattr__, __dir__ = _lazy.export(
        __name__,
        {
            "create_client": ".create_client",
            "generate_client_web_otp": ".generate_client_web_otp",
            "get_client": ".get_client",
            "list_clients": ".list_clients",
            "refresh_client_session": ".refresh_client_session",
        },
    )

__all__ = [
    "create_client",
    "generate_client_web_otp",
    "get_client",
    "list_clients",
    "refresh_client_session",
]
