"""The command line: a command for each operation of the specification. It needs cyclopts."""

from .main import run

__all__ = ["run"]
