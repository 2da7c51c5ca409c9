# Edited in overrides/package/_cli/__init__.py, from where `make generate` copies it.
"""The command line: a command for each operation of the specification. It needs cyclopts."""
