"""The package's version: also in its manifest, its User-Agent and the wheel."""

__version__ = "0.1.0"
