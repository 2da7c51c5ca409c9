"""Compares a server with the OpenAPI document. scripts/verify_live.py runs it."""
