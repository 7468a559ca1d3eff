"""Values on the command line, checked where they are typed."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def query_text(text: str) -> str:
    """A query with something in it."""
    if not text.strip():
        raise argparse.ArgumentTypeError("expected some words to search for, got none")
    return text


def whole_number(least: int) -> Callable[[str], int]:
    """A type for integers from ``least`` on."""

    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"expected a whole number, got {text!r}") from None
        if value < least:
            raise argparse.ArgumentTypeError(f"expected {least} or more, got {value}")
        return value

    return number
