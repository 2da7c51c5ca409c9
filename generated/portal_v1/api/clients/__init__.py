# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/endpoint_init.py.jinja.
"""The operations of one tag."""
