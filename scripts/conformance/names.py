"""What the package calls things of the document."""

from __future__ import annotations

from typing import Final

from openapi_python_client.schema.untrusted_string import UntrustedString
from openapi_python_client.strings import PythonIdentifier

# What openapi-python-client puts before a name that cannot begin with what it begins with.
PREFIX: Final = "field_"


def python_name(name: str) -> str:
    """Return what the package calls a parameter or property of this name."""
    return str(PythonIdentifier(UntrustedString(name), prefix=PREFIX))
