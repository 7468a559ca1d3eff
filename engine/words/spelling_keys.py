"""The spelling under which a word is looked up: lower case, one space between parts."""

from __future__ import annotations

import re
import unicodedata

_JOINERS = re.compile(r"[\s'\u2019\u02bc`\u00b4\-\u2010\u2011_]+")
_LETTERS = str.maketrans({"ß": "ss", "œ": "oe", "æ": "ae", "ø": "o"})
# Variation selectors, skin tones, and the sign of gender or hair that a joiner adds to a person.
_DECORATIONS = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_ADDITION = re.compile("\u200d[♀♂\U0001f9b0-\U0001f9b3]")
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff]")


def key_of(text: str) -> str:
    """Lower case, composed; hyphens and apostrophes become spaces ("T-Shirt": "t shirt")."""
    return _JOINERS.sub(" ", unicodedata.normalize("NFC", text).lower()).strip()


def folded(key: str) -> str:
    """Without accents: "café" becomes "cafe", "groß" becomes "gross"."""
    if key.isascii():
        return key
    parts = unicodedata.normalize("NFD", key.translate(_LETTERS))
    return "".join(c for c in parts if not unicodedata.combining(c))


def is_emoji(text: str) -> bool:
    """Whether a token starts with an emoji or another pictograph."""
    return _EMOJI.match(text) is not None


def plain_emoji(text: str) -> str:
    """An emoji without variation selectors, skin tones, and gender or hair of a person."""
    return _ADDITION.sub("", _DECORATIONS.sub("", text))
