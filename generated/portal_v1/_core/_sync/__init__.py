# Edited in overrides/package/_core/_async/__init__.py, of which `make generate` makes this sync twin.
"""Modules that are sync here; `make generate` makes their sync twins in `_sync`."""
