# Edited in overrides/package/_http/_async/__init__.py, from where `make generate` copies it.
"""Modules that are async here; `make generate` makes their sync twins in `_sync`."""
