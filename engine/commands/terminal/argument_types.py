"""Types of command-line arguments, for ``add_argument(type=...)``."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def query_text(text: str) -> str:
    """The text of a query, which must not be blank."""
    if not text.strip():
        raise argparse.ArgumentTypeError("expected some words to search for, got none")
    return text


def whole_number(least: int) -> Callable[[str], int]:
    """An argument type for integers of at least ``least``."""

    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"expected a whole number, got {text!r}") from None
        if value < least:
            raise argparse.ArgumentTypeError(f"expected {least} or more, got {value}")
        return value

    return number
