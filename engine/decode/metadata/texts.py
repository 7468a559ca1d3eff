"""Texts and numbers of metadata, which files hold in any state."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

LONGEST_TEXT = 4000
_LONGEST_WORD = 200
_MOST_WORDS = 500
_UNPRINTABLE = re.compile(r"[^\S\n]+|[\x00-\x09\x0b-\x1f\x7f-\x9f\ufffd]+")


def text_of(value: Any, longest: int = LONGEST_TEXT) -> str:
    """The printable part of a value up to its first NUL, line ends kept; empty if it is no text.

    Bytes are UTF-8, or Latin-1 where they cannot be.
    """
    if isinstance(value, bytes):
        value = value.split(b"\0")[0]
        try:
            value = value.decode("utf-8")
        except UnicodeDecodeError:
            value = value.decode("cp1252", "replace")
    if not isinstance(value, str):
        return ""
    value = value.split("\0")[0][: 2 * longest].replace("\r\n", "\n").replace("\r", "\n")
    value = value.encode("utf-8", "replace").decode("utf-8")  # lone surrogates cannot be stored
    return _UNPRINTABLE.sub(" ", value)[:longest].strip()


def line_of(value: Any, longest: int = _LONGEST_WORD) -> str:
    """As ``text_of``, in one line."""
    return " ".join(text_of(value, longest).split())


def words_of(values: Iterable[Any]) -> tuple[str, ...]:
    """Each of the values once, without regard to case, in their order."""
    found: dict[str, str] = {}
    for value in values:
        word = line_of(value)
        if word:
            found.setdefault(word.casefold(), word)
        if len(found) == _MOST_WORDS:
            break
    return tuple(found.values())


def number_of(value: Any) -> float | None:
    """A number, a fraction ("1/250") or a text of either; None if it is none or not finite."""
    try:
        if isinstance(value, bytes):
            value = value.decode("ascii")
        if isinstance(value, str):
            value = Fraction(value.strip()[:40])
        number = float(value)
    except (ArithmeticError, TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def positive(value: Any) -> float | None:
    """As ``number_of``, above zero."""
    number = number_of(value)
    return number if number is not None and number > 0 else None


def rating_of(value: Any) -> int | None:
    """Stars, -1 for rejected, rounded; None for anything else.

    >>> rating_of("3.0"), rating_of("-1"), rating_of("99")
    (3, -1, None)
    """
    number = number_of(value)
    return round(number) if number is not None and -1 <= number <= 5 else None


def rating_of_percent(value: Any) -> int | None:
    """Stars as Windows writes them beside their number: 1, 25, 50, 75, 99.

    >>> [rating_of_percent(n) for n in (0, 1, 25, 50, 75, 99)]
    [0, 1, 2, 3, 4, 5]
    """
    number = number_of(value)
    if number is None or not 0 <= number <= 100:
        return None
    return 0 if number == 0 else min(5, int(number // 25) + 1) if number < 99 else 5
