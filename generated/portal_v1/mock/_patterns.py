# Edited in overrides/package/mock/_patterns.py, from where `make generate` copies it.
"""A string that matches a regular expression, for the expressions that API documents use.

Covered: literals, escapes, classes, groups, alternatives (the first is taken), quantifiers
(the least is taken) and anchors. Anything else gives a string that may not match; whoever asks
validates it.
"""

from __future__ import annotations

_CLASSES = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a", "h": " "}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}
_PREFERRED = "a0Ab1B-_ .xX"


def matching(pattern: str, length: int = 0) -> str:
    """A string that matches `pattern`, of `length` characters or more where it can be."""
    shortest = _Reader(pattern, 0).alternatives()
    if len(shortest) >= length:
        return shortest
    return _Reader(pattern, length).alternatives()


class _Reader:
    """Reads an expression once, from left to right, and builds the string as it goes."""

    def __init__(self, pattern: str, stretch: int) -> None:
        self._pattern = pattern
        self._at = 0
        self._stretch = stretch  # how often an open-ended quantifier repeats at least

    def alternatives(self) -> str:
        first = self._sequence()
        while self._peek() == "|":
            self._at += 1
            self._sequence()
        return first

    def _sequence(self) -> str:
        parts: list[str] = []
        while (char := self._peek()) and char not in "|)":
            parts.append(self._repeated(self._atom()))
        return "".join(parts)

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self) -> str:
        char = self._peek()
        self._at += 1
        return char

    def _atom(self) -> str:
        char = self._take()
        if char in "^$":
            return ""
        if char == ".":
            return "a"
        if char == "\\":
            return self._escape()
        if char == "[":
            return self._choice()
        if char == "(":
            return self._group()
        return char

    def _escape(self) -> str:
        char = self._take()
        if char in "bBAzZ":
            return ""
        if char in "ux":
            digits = self._pattern[self._at : self._at + (4 if char == "u" else 2)]
            try:
                code = int(digits, 16)
            except ValueError:
                return char
            self._at += len(digits)
            return chr(code)
        if char in "pP" and self._peek() == "{":
            self._at = self._pattern.find("}", self._at) + 1
            return "A"
        return _CLASSES.get(char) or _CONTROLS.get(char) or char

    def _group(self) -> str:
        look_around = False
        if self._pattern.startswith("?", self._at):
            if self._pattern.startswith("?:", self._at):
                self._at += 2
            elif self._pattern.startswith(("?=", "?!", "?<=", "?<!"), self._at):
                look_around = True
                self._at += 3 if self._pattern[self._at + 1] == "<" else 2
            else:
                self._at = self._pattern.find(">", self._at) + 1
        inner = self.alternatives()
        self._at += 1
        return "" if look_around else inner

    def _choice(self) -> str:
        negated = self._peek() == "^"
        self._at += negated
        allowed: list[tuple[str, str]] = []
        while self._at < len(self._pattern) and (self._peek() != "]" or not allowed):
            low = self._class_member()
            high = low
            if self._peek() == "-" and self._pattern[self._at + 1 : self._at + 2] not in ("]", ""):
                self._at += 1
                high = self._class_member()
            allowed.append((low, high))
        self._at += 1
        if not negated:
            return allowed[0][0] if allowed else ""
        return next(
            (c for c in _PREFERRED if not any(low <= c <= high for low, high in allowed)), "~"
        )

    def _class_member(self) -> str:
        char = self._take()
        return self._escape() if char == "\\" else char

    def _repeated(self, atom: str) -> str:
        char = self._peek()
        least, most = 1, 1
        if char and char in "*+?":
            self._at += 1
            least = 1 if char == "+" else 0
            most = 1 if char == "?" else least + self._stretch
        elif char == "{":
            end = self._pattern.find("}", self._at)
            low, comma, high = self._pattern[self._at + 1 : end].partition(",")
            if not low.isdigit() or (high and not high.isdigit()):
                return atom
            self._at = end + 1
            least = int(low)
            most = least if not comma else int(high) if high else least + self._stretch
        else:
            return atom
        if self._peek() in ("?", "+"):  # lazy and possessive forms
            self._at += 1
        return atom * max(least, min(most, self._stretch))
