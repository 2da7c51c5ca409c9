"""Modules that are async here; `make generate` makes their sync twins in `_sync`."""
