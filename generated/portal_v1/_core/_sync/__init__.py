# Made from overrides/package/_core/_async/__init__.py by `make generate`; edited there.
"""Modules that are sync here; `make generate` makes their sync twins in `_sync`."""
