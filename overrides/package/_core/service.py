"""What is the same for every operation of the service."""

from __future__ import annotations

from typing import NamedTuple


class ServiceInfo(NamedTuple):
    """The facts of the specification that concern no single operation."""

    name: str
    base_url: str | None
    environment: str  # the prefix of the environment variables
    content_type: str | None  # sent on every request; None to send one with a body only
    error_fields: tuple[str, ...]  # where an error says what went wrong, first choice first
    user_agent: str
    logger: str
    needs_key: bool  # whether any operation does
    other_schemes: tuple[str, ...] = ()  # of security, each with a key of its own

    @property
    def key_variable(self) -> str:
        """The environment variable that the key is taken from where none is given."""
        return f"{self.environment}_API_KEY"

    @property
    def url_variable(self) -> str:
        """The environment variable that the base URL is taken from where none is given."""
        return f"{self.environment}_BASE_URL"
