# Edited in overrides/package/_core/__init__.py, from where `make generate` copies it.
"""The pipeline beneath every operation. Private: what it offers is reached through the client."""
