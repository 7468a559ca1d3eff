"""Cuts the text of a query into tokens: words, numbers, quoted parts, signs, emoji."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class TokenKind(StrEnum):
    """Kind of a token."""

    WORD = "word"
    NUMBER = "number"
    QUOTED = "quoted"
    MINUS = "minus"
    COMMA = "comma"
    SIGN = "sign"


@dataclass(frozen=True, slots=True)
class Token:
    """Characters ``start`` to ``end`` (exclusive) of a text.

    Attributes:
        folded: the text in lower case without accents, by which tables are searched.
    """

    text: str
    folded: str
    kind: TokenKind
    start: int
    end: int


# Articles and prepositions that French, Italian and Portuguese write together with the next word.
_ELIDED = "l d qu c n j un dell nell sull all dall quell bell jusqu lorsqu quest".split()
_NUMERIC_DATE = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{4}[-/.:]\d{1,2}(?!\d)|\d{1,2}[./]\d{4}"
_EMOJI = (
    "[\U0001f1e6-\U0001f1ff]{2}|"
    "[\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]"
    "(?:[\ufe0f\U0001f3fb-\U0001f3ff]|\u200d[\u2640-\u27bf\U0001f000-\U0001faff])*"
)
_TOKEN = re.compile(
    rf"""
    (?P<quoted>"[^"]*"|“[^”]*”|„[^“”]*[“”]|«[^»]*»)
  | (?P<number>(?:{_NUMERIC_DATE}|\d{{1,2}}:\d{{2}}|\d+(?:[.,]\d+)?)(?![\w]))
  | (?P<emoji>{_EMOJI})
  | (?P<elided>(?<![\w'’])(?:{"|".join(_ELIDED)})[’'])
  | (?P<word>w/o(?!\w)|[^\W_]+(?:[’'_-][^\W_]+)*)
  | (?P<comma>[,;\n])
  | (?P<minus>(?<![^\s(])[-−\u2013](?=[^\s\W_]|["“„«]))
  | (?P<sign>\S)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_KINDS = {
    "quoted": TokenKind.QUOTED,
    "number": TokenKind.NUMBER,
    "emoji": TokenKind.WORD,
    "word": TokenKind.WORD,
    "elided": TokenKind.WORD,
    "comma": TokenKind.COMMA,
    "minus": TokenKind.MINUS,
    "sign": TokenKind.SIGN,
}


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Lower case without accents: "Über" -> "uber"."""
    if text.isascii():
        return text.lower()
    split = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return "".join(c for c in split if not unicodedata.combining(c) and c != "\ufe0f")


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text, in order; white space is in none of them."""
    found = []
    for match in _TOKEN.finditer(text):
        kind = _KINDS[match.lastgroup or "sign"]
        start, end = match.span()
        found.append(Token(match.group(), folded(match.group()), kind, start, end))
    return found
