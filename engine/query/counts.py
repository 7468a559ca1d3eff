"""Counts in a query: "two", "three or more", "at least 3", "many", "a single".

"two dogs" is at least two: a third one spoils nothing. "exactly two" and "only two" are two.
"one dog" and "1 dog" are no count, as "a dog" is none. Figures above ``MOST`` are names
("101 dalmatians").
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.query.language_words import LanguageWords
from engine.query.tokens import Token, TokenKind
from engine.records import Count

MOST = 99


def number_at(tokens: Sequence[Token], at: int, words: LanguageWords) -> tuple[int, int]:
    """How many tokens from ``at`` on are a whole number, and the number; (0, 0) if none is."""
    if at < len(tokens) and tokens[at].kind is TokenKind.NUMBER and tokens[at].text.isdecimal():
        return (1, int(tokens[at].text)) if len(tokens[at].text) <= 4 else (0, 0)
    length, value = words.section("numbers").match(tokens, at)
    return (length, int(value)) if length else (0, 0)


def count_at(
    tokens: Sequence[Token], at: int, words: LanguageWords
) -> tuple[int, Count | None] | None:
    """How many tokens from ``at`` on are a count, and the count; None if they are none.

    The count is None for words like "one" and "a pair of", which ask for no number.
    """
    length, _ = words.table("counts", "single").match(tokens, at)
    if length:
        return length, Count(1, 1)
    for key in ("exactly", "at_least", "more_than", "at_most", "fewer_than"):
        length, _ = words.table("counts", key).match(tokens, at)
        digits, number = number_at(tokens, at + length, words) if length else (0, 0)
        count = _bounded(key, number) if digits and number <= MOST else None
        if count is not None:
            return length + digits, count
    length, value = words.section("quantities").match(tokens, at)
    if length:
        return length, Count(int(value))
    length, _ = words.table("counts", "measures").match(tokens, at)
    if length:
        return length, None
    return _plain_number(tokens, at, words)


def _plain_number(
    tokens: Sequence[Token], at: int, words: LanguageWords
) -> tuple[int, Count | None] | None:
    length, number = number_at(tokens, at, words)
    if not length or not 0 < number <= MOST:
        return None
    after = at + length
    more, _ = words.table("counts", "or_more").match(tokens, after)
    if not more and after < len(tokens) and tokens[after].text == "+":
        more = int(tokens[after].start == tokens[after - 1].end)
    if more:
        return length + more, Count(number)
    either, _ = words.table("function", "or").match(tokens, after)
    digits, _ = number_at(tokens, after + either, words) if either else (0, 0)
    if digits:  # "two or three" are at least two
        return length + either + digits, Count(number) if number > 1 else None
    measure, _ = words.table("counts", "measures").match(tokens, after)
    return length + measure, Count(number) if number > 1 else None


def _bounded(key: str, number: int) -> Count | None:
    if key == "exactly":
        return Count(number, number) if number else None
    if key == "at_least":
        return Count(number)
    if key == "more_than":
        return Count(number + 1)
    most = number if key == "at_most" else number - 1
    return Count(1, most) if most > 0 else None
