"""What is the same for every operation of the service."""

from __future__ import annotations

from typing import NamedTuple


class ServiceInfo(NamedTuple):
    """The facts of the specification that concern no single operation.

    Attributes:
        name: What the clients and errors are called after.
        base_url: Where the service is; None where the specification does not say.
        environment: The prefix of the environment variables.
        content_type: Sent on every request; None to send one with a body only.
        error_fields: Where an error answer says what went wrong, first choice first.
        user_agent: How the client introduces itself.
        logger: The name of its logger.
        needs_key: Whether any operation needs a key.
        other_schemes: The security schemes beside that of the key, each with a key of its own.
    """

    name: str
    base_url: str | None
    environment: str
    content_type: str | None
    error_fields: tuple[str, ...]
    user_agent: str
    logger: str
    needs_key: bool
    other_schemes: tuple[str, ...] = ()

    @property
    def key_variable(self) -> str:
        """The environment variable that the key is taken from where none is given."""
        return f"{self.environment}_API_KEY"

    @property
    def url_variable(self) -> str:
        """The environment variable that the base URL is taken from where none is given."""
        return f"{self.environment}_BASE_URL"
