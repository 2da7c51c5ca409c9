"""From an OpenAPI document to a Python package: the steps behind scripts/generate.py."""
