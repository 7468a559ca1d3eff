"""English nouns with synonyms and hypernyms, taken from WordNet 3.0.

The file is gzipped text, written by ``engine.training.thesaurus_table``: ``FILE_HEAD``; one line
per meaning with its words, a tab, the line numbers of its hypernyms; an empty line; one line per
noun, sorted, with the noun, a tab, the line numbers of its meanings, the usual one first; an empty
line; one line per ImageNet class, in the classifier's order, with the line number of its meaning.
It is searched as text: parsing 80,000 lines into objects would take longer than a search.
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
FILE_HEAD = b"Pickout nouns 2. From WordNet 3.0, Copyright 2006 by Princeton University, changed.\n"

_ENDINGS = (
    *(("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("sses", "ss"), ("xes", "x"), ("zes", "z")),
    *(("ses", "s"), ("men", "man"), ("ves", "f"), ("s", "")),
)


class _Lines(NamedTuple):
    """Text and the offset of each of its lines (int64; the last one is the end of the text)."""

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
    """The shipped nouns, about 8 MB in memory, read at the first use. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def look_up(self, text: str) -> ClassName | None:
        """Synonyms and hypernyms of a query's head noun; None if it has no known one.

        Raises:
            ModelMissing: there is no such file.
            ModelBroken: it is not in the format above.
        """
        head = self.head(text)
        return None if head is None else self.meaning(head.lemma)

    def head(self, text: str, names: Set[str] = frozenset()) -> HeadNoun | None:
        """The head noun of a query; ``names`` (lower case) count as known besides the nouns."""
        return head_noun(text, lambda name: self._lemma_of(name, names))

    def meaning(self, lemma: str) -> ClassName | None:
        """Synonyms and hypernyms of a noun in the singular; None if it is not known."""
        row = self.meaning_id(lemma)
        if row is None:
            return None
        kinds = kinds_above(row, self._parents, lambda above: self.words(above)[0])
        return ClassName(self.words(row), kinds)

    def meanings_above(self, lemma: str) -> Iterator[set[int]]:
        """Ids of a noun's usual meaning, then of its hypernyms, level by level."""
        row = self.meaning_id(lemma)
        return iter(()) if row is None else self.levels_above(row)

    def levels_above(self, meaning_id: int) -> Iterator[set[int]]:
        """A meaning, then its hypernyms, level by level."""
        level = {meaning_id}
        while level:
            yield level
            level = {parent for meaning in level for parent in self._parents(meaning)}

    @cached_property
    def class_meanings(self) -> list[int]:
        """The meaning of each ImageNet class, in the classifier's order."""
        classes = self._tables[2]
        return [int(classes.fields(row)[0]) for row in range(len(classes))]

    def words(self, meaning_id: int) -> tuple[str, ...]:
        """The synonyms, the usual one first."""
        return tuple(self._tables[0].fields(meaning_id)[0].split("|"))

    def _lemma_of(self, name: str, names: Set[str]) -> str | None:
        """The known spelling of a name, as it is or in the singular; None if it is not known."""
        for spelling in dict.fromkeys([name, name.replace("-", " ")]):
            singular = [
                spelling.removesuffix(ending) + replacement
                for ending, replacement in _ENDINGS
                if spelling.endswith(ending)
            ]
            for lemma in (spelling, *singular):
                if lemma in names or self.meaning_id(lemma) is not None:
                    return lemma
        return None

    def meaning_id(self, lemma: str) -> int | None:
        """The usual meaning of a noun; None if the noun is not known."""
        return next(iter(self.meaning_ids(lemma)), None)

    def meaning_ids(self, lemma: str) -> list[int]:
        """The lines of a noun's meanings, the usual one first, by binary search; none if the noun
        is not known."""
        nouns = self._tables[1]
        low, high = 0, len(nouns)
        while low < high:
            middle = (low + high) // 2
            noun, row = nouns.fields(middle)
            if noun == lemma:
                return [int(meaning) for meaning in row.split()]
            low, high = (middle + 1, high) if noun < lemma else (low, middle)
        return []

    def _parents(self, row: int) -> list[int]:
        return [int(parent) for parent in self._tables[0].fields(row)[1].split()]

    @cached_property
    def _tables(self) -> tuple[_Lines, _Lines, _Lines]:
        """Lines of the meanings, of the nouns and of the classes."""
        if not self._path.is_file():
            raise missing(self._path)
        try:
            text = gzip.decompress(self._path.read_bytes())
        except (OSError, EOFError, zlib.error) as error:
            raise broken(self._path) from error
        parts = text.removeprefix(FILE_HEAD).split(b"\n\n")
        if not text.startswith(FILE_HEAD) or len(parts) != 3:
            raise broken(self._path)
        meanings, nouns, classes = parts
        return _Lines.of(meanings + b"\n"), _Lines.of(nouns + b"\n"), _Lines.of(classes)
