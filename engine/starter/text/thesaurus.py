"""What English nouns mean: synonyms and hypernyms, taken from WordNet 3.0.

The file is text, written by ``engine.training.thesaurus_table``. First a line that says what it is;
then a line a meaning: its words, a tab, the lines of its hypernyms; an empty line; then a line a
noun, sorted: the noun, a tab, the line of its meaning. It is searched as it is: making objects of
80,000 lines would take longer than the search that waits for it.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Set
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.starter.arrays import broken, missing
from engine.starter.text.class_names import ClassName, kinds_above
from engine.starter.text.head_noun import HeadNoun, head_noun

FILE_NAME = "nouns.txt.gz"
FILE_HEAD = b"Pickout nouns 1. From WordNet 3.0, Copyright 2006 by Princeton University, changed.\n"

_ENDINGS = (
    *(("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("sses", "ss"), ("xes", "x"), ("zes", "z")),
    *(("ses", "s"), ("men", "man"), ("ves", "f"), ("s", "")),
)


class _Lines(NamedTuple):
    """Lines of text in one piece, and where each starts (int64, with the end as the last)."""

    text: bytes
    starts: np.ndarray

    @classmethod
    def of(cls, text: bytes) -> _Lines:
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
        return cls(text, np.concatenate([[0], ends + 1]))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def fields(self, row: int) -> list[str]:
        line = self.text[self.starts[row] : self.starts[row + 1] - 1]
        return line.decode("utf-8").split("\t")


class Thesaurus:
    """The shipped nouns, about 8 MB in memory; read when first asked. Any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def look_up(self, text: str) -> ClassName | None:
        """What a query's head noun means; None if it has none that is known.

        Raises:
            ModelMissing: if there is no such file.
            ModelBroken: if it is not what the command writes.
        """
        head = self.head(text)
        return None if head is None else self.meaning(head.lemma)

    def head(self, text: str, names: Set[str] = frozenset()) -> HeadNoun | None:
        """The noun that a query is about; ``names`` (lower case) are known besides the nouns."""
        return head_noun(text, lambda name: self._lemma_of(name, names))

    def meaning(self, lemma: str) -> ClassName | None:
        """Synonyms and kinds of a noun in the singular; None if it is not known."""
        row = self.meaning_id(lemma)
        if row is None:
            return None
        kinds = kinds_above(row, self._parents, lambda above: self.words(above)[0])
        return ClassName(self.words(row), kinds)

    def meanings_above(self, lemma: str) -> Iterator[set[int]]:
        """Ids of a noun's meaning, then of what that is a kind of, level by level."""
        row = self.meaning_id(lemma)
        level = set() if row is None else {row}
        while level:
            yield level
            level = {parent for one in level for parent in self._parents(one)}

    def words(self, meaning_id: int) -> tuple[str, ...]:
        """The synonyms, the usual one first."""
        return tuple(self._tables[0].fields(meaning_id)[0].split("|"))

    def _lemma_of(self, name: str, names: Set[str]) -> str | None:
        for spelling in dict.fromkeys([name, name.replace("-", " ")]):
            singular = [
                spelling.removesuffix(ending) + instead
                for ending, instead in _ENDINGS
                if spelling.endswith(ending)
            ]
            for lemma in (spelling, *singular):
                if lemma in names or self.meaning_id(lemma) is not None:
                    return lemma
        return None

    def meaning_id(self, lemma: str) -> int | None:
        """The line of a noun's meaning, by binary search; None if the noun is not known."""
        nouns = self._tables[1]
        low, high = 0, len(nouns)
        while low < high:
            middle = (low + high) // 2
            noun, row = nouns.fields(middle)
            if noun == lemma:
                return int(row)
            low, high = (middle + 1, high) if noun < lemma else (low, middle)
        return None

    def _parents(self, row: int) -> list[int]:
        return [int(parent) for parent in self._tables[0].fields(row)[1].split()]

    @cached_property
    def _tables(self) -> tuple[_Lines, _Lines]:
        """Meanings and nouns."""
        if not self._path.is_file():
            raise missing(self._path)
        try:
            text = gzip.decompress(self._path.read_bytes())
        except (OSError, EOFError, zlib.error) as error:
            raise broken(self._path) from error
        meanings, gap, nouns = text.removeprefix(FILE_HEAD).partition(b"\n\n")
        if not text.startswith(FILE_HEAD) or not gap:
            raise broken(self._path)
        return _Lines.of(meanings + b"\n"), _Lines.of(nouns)
