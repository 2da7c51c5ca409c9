# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/version.py.jinja.
"""The package's version."""

__version__ = "0.1.0"
