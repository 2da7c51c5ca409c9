"""What changed since a git ref, on the wire and for Python callers, and whether it breaks them."""
