"""The operations, one module each, grouped by tag."""
