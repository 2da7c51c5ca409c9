# Edited in overrides/package/mock/_identifiers.py, from where `make generate` copies it.
"""Ids, keys and tokens that follow from a seed and a number.

They are random to look at and the same on every run. Because nothing but the number moves on,
a mock that is stopped and started again on its database goes on where it was.
"""

from __future__ import annotations

from hashlib import blake2b


class Identifiers:
    """Makes identifiers.

    Args:
        seed: Another seed gives other identifiers.
    """

    def __init__(self, seed: int) -> None:
        self._seed = f"{seed}:".encode()

    def client_id(self, number: int) -> str:
        """An id like `c3f0c8e1b2a94d5e6f7081920`."""
        return "c" + self._hex("client", number)[:24]

    def client_api_key(self, number: int) -> str:
        """A client's own API key, shaped as a UUID."""
        return self._uuid("key", number)

    def address(self, number: int) -> str:
        """The address of a client's wallet."""
        return "0x" + (self._hex("wallet", number) + self._hex("wallet2", number))[:40]

    def session_token(self, number: int) -> str:
        """A client session token (CST)."""
        return "cst-" + self._uuid("session", number)

    def otp(self, number: int) -> str:
        """A one-time password."""
        return "otp-" + self._uuid("otp", number)

    def _uuid(self, kind: str, number: int) -> str:
        h = self._hex(kind, number)
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"

    def _hex(self, kind: str, number: int) -> str:
        return blake2b(self._seed + f"{kind}:{number}".encode(), digest_size=16).hexdigest()
