"""The shipped table of words, searched as text.

``resources/words/words.txt.gz`` is written by ``engine.training.word_tables``: ``FILE_HEAD``; a
line per language with everyday lemmas, separated by spaces; an empty line; a line per spelling,
sorted by its UTF-8 bytes: the spelling, a tab, its entries with ``|`` between them. An entry is,
without anything in between,

- a language (ISO 639-1, ``**`` for emoji),
- a ``Source`` digit,
- the first letter of a kind, or ``-`` for no word,
- a digit for how frequent it is in texts, or ``~`` for a spelling without its accents,
- the English lemma, if that is not the spelling itself.

Parsing 140,000 lines into objects would take longer than a search.
"""

from __future__ import annotations

import gzip
import zlib
from bisect import bisect_left
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.errors import EngineError
from engine.query.vocabulary import Word, WordKind

FILE_NAME = "words.txt.gz"
FILE_HEAD = b"Pickout words 1. Sources and licences: resources/notices/words.md\n"
KIND_LETTERS = {kind: kind.value[0] for kind in WordKind}
ANY_LANGUAGE = "**"
WITHOUT_ACCENTS = "~"
NO_KIND = "-"
_KINDS = {letter: kind for kind, letter in KIND_LETTERS.items()}


class Source(IntEnum):
    """Where an entry comes from, the most reliable one first."""

    EVERYDAY = 0
    EMOJI_NAME = 1
    FREQUENT = 2
    RARE = 3


class Entry(NamedTuple):
    """One meaning of a spelling in one language.

    Attributes:
        word: None for English words that name nothing a photo shows ("happiness").
        frequency: 0 (unknown or rare) to 9, logarithmic.
        exact: False for a spelling that only lacks the accents of the right one.
    """

    language: str
    source: Source
    word: Word | None
    frequency: int
    exact: bool


class WordTable:
    """A table, a few MB in memory, read at the first use. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self, key: str) -> list[Entry]:
        """Entries of a spelling (see ``spelling_keys.key_of``), at most one per language.

        Raises:
            EngineError: the file is missing or not in the format above.
        """
        text, starts = self._lines
        wanted = key.encode("utf-8", "replace")

        def spelling(row: int) -> bytes:
            return text[starts[row] : text.index(b"\t", starts[row])]

        rows = len(starts) - 1
        row = bisect_left(range(rows), wanted, key=spelling)
        if row == rows or spelling(row) != wanted:
            return []
        line = text[starts[row] + len(wanted) + 1 : starts[row + 1] - 1].decode()
        return [_entry(entry, key) for entry in line.split("|")]

    @cached_property
    def everyday(self) -> dict[str, frozenset[str]]:
        """Language -> lemmas of everyday things and qualities, those of one word.

        Raises:
            EngineError: as ``entries``.
        """
        lines = self._content.partition(b"\n\n")[0].decode().split("\n")[1:]
        return {line[:2]: frozenset(line[3:].split(" ")) for line in lines}

    @cached_property
    def _lines(self) -> tuple[bytes, memoryview[int]]:
        """The lines of spellings and the offset of each; the last one is the end of the text."""
        text = self._content.partition(b"\n\n")[2]
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n")).astype(np.int32)
        # A view gives out plain integers without holding 140,000 of them.
        return text, np.concatenate([np.zeros(1, np.int32), ends + 1]).data

    @cached_property
    def _content(self) -> bytes:
        """The file from the end of its first line on."""
        try:
            text = gzip.decompress(self._path.read_bytes())
        except (OSError, EOFError, zlib.error) as error:
            raise self._broken() from error
        if not text.startswith(FILE_HEAD) or b"\n\n" not in text:
            raise self._broken()
        return text[len(FILE_HEAD) - 1 :]

    def _broken(self) -> EngineError:
        return EngineError(
            "The list of words is missing or damaged.",
            operation="reading the list of words",
            path=self._path,
            hint="Install Pickout again.",
        )


def _entry(text: str, key: str) -> Entry:
    exact = text[4] != WITHOUT_ACCENTS
    return Entry(
        language=text[:2],
        source=Source(int(text[2])),
        word=None if text[3] == NO_KIND else Word(text[5:] or key, _KINDS[text[3]]),
        frequency=int(text[4]) if exact else 0,
        exact=exact,
    )
