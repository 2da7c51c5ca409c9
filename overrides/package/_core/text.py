"""Texts of a server, or about one, as they can be shown."""

from __future__ import annotations


def to_printable(text: str, at_most: int) -> str:
    """Return a text on one line without control characters, cut off after `at_most` characters."""
    text = "".join(c if c.isprintable() else " " for c in text[: 2 * at_most]).strip()
    return text if len(text) <= at_most else f"{text[: at_most - 3]}..."


def join_sentences(*parts: str) -> str:
    """Return the parts that say something as sentences, one after the other."""
    return " ".join(
        part if part.startswith("(") or part.endswith((".", "!", "?")) else f"{part}."
        for part in parts
        if part
    )
