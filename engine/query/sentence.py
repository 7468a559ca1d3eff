"""The sentence of a plan: English, without filters and without what is excluded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from engine.query.phrases import Item
from engine.query.tags import Tag, Tagged
from engine.records import Span

_LINKS = r"(?:and|or|with|but|plus|&|\+|,|;|-|\u2013|:|\|)"
_LOOSE_ENDS = re.compile(
    rf"^(?:{_LINKS}(?:\s+|$))+|(?:(?:^|\s+){_LINKS}|\s*[,;:+&|\u2013-])+$", re.IGNORECASE
)
_DOUBLE_LINKS = re.compile(rf"({_LINKS})(?:\s+{_LINKS})+(?=\s|$)", re.IGNORECASE)


def typed_sentence(text: str, left_out: Iterable[Span], tags: Sequence[Tagged]) -> str:
    """An English text as it was typed, without the parts that are left out.

    Emoji become the words they stand for, and quotation marks fall away.
    """
    changes = [(span.start, span.end, " ") for span in left_out]
    for one in tags:
        if one.tag is Tag.QUOTED:
            changes.append((one.start, one.end, one.english))
        elif one.tag in (Tag.NOUN, Tag.SCENE) and not any(c.isalnum() for c in one.text):
            changes.append((one.start, one.end, f" {one.english} "))
    for start, end, put in _outermost(changes):
        text = text[:start] + put + text[end:]
    return tidy(text)


def translated_sentence(items: Sequence[Item]) -> str:
    """The items of a text in another language, word by word in English."""
    words: list[str] = []
    for item in items:
        if item.kind == "excluded":
            continue
        linking = [one for one in item.tags if one.tag not in (Tag.PAIRED, Tag.IN_HAND)]
        words += [_english(one) for one in linking]
        words.append(" and ".join(group.english for group in item.groups))
        words += [one.english for one in item.tags if one.tag is Tag.IN_HAND]
    return tidy(" ".join(word for word in words if word))


def tidy(text: str) -> str:
    """One space between words, none before a comma, no connecting word without its ends."""
    text = re.sub(r"\s+", " ", text).strip()
    before = None
    while before != text:
        before = text
        text = re.sub(r"\s+([,;.!?])", r"\1", text)
        text = re.sub(r"([,;])(?:\s*[,;])+", r"\1", text)
        text = _DOUBLE_LINKS.sub(r"\1", text)
        text = _LOOSE_ENDS.sub("", text).strip()
    return text if any(c.isalnum() for c in text) else ""


def _english(one: Tagged) -> str:
    if one.tag in (Tag.FILTER, Tag.BREAK, Tag.STOP):
        return ""
    return one.english


def _outermost(changes: list[tuple[int, int, str]]) -> Iterable[tuple[int, int, str]]:
    """The changes from the last to the first, without those inside another."""
    covered = -1
    found: list[tuple[int, int, str]] = []
    for change in sorted(changes, key=lambda c: (c[0], -c[1])):
        if change[0] >= covered:
            found.append(change)
            covered = change[1]
    return reversed(found)
