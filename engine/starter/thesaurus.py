"""What English nouns mean: synonyms and kinds, taken from WordNet 3.0.

``python -m engine.starter.thesaurus --wordnet DIR`` writes ``resources/starter/nouns.txt.gz`` anew;
``DIR`` holds WordNet's ``data.noun``, ``index.noun`` and ``noun.exc`` (Debian: wordnet-base).

Of every noun one meaning is kept: the most frequent one of those that can be seen, if it has any,
and what ``everyday_words`` says otherwise. Particular things (rivers, writers) and meanings that no
photo shows (feelings, quantities) are left out.

The file is text. First a line that says what it is; then a line a meaning: its words, a tab, the
lines of what it is a kind of; an empty line; then a line a noun, sorted: the noun, a tab, the line
of its meaning. It is searched as it is: making objects of 80,000 lines would take longer than the
search that waits for it.
"""

from __future__ import annotations

import argparse
import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.starter.arrays import broken, missing
from engine.starter.class_names import ClassName, kinds_above
from engine.starter.everyday_words import EVERYDAY, KINDS
from engine.starter.head_noun import HeadNoun, head_noun
from engine.starter.wordnet import Synset, read_plurals, read_senses, read_synsets

FILE_NAME = "nouns.txt.gz"
_HEAD = b"Pickout nouns 1. From WordNet 3.0, Copyright 2006 by Princeton University, changed.\n"

# Numbers of WordNet's lexicographer files.
_TOPS, _ACT, _ANIMAL, _ARTIFACT, _ATTRIBUTE, _BODY, _COMMUNICATION = 3, 4, 5, 6, 7, 8, 10
_EVENT, _FOOD, _GROUP, _LOCATION, _OBJECT, _PERSON = 11, 13, 14, 15, 17, 18
_PHENOMENON, _PLANT, _SHAPE, _SUBSTANCE, _TIME = 19, 20, 25, 27, 28
_SEEN = {_TOPS, _ANIMAL, _ARTIFACT, _BODY, _FOOD, _OBJECT, _PERSON, _PHENOMENON, _PLANT, _SUBSTANCE}
_SHOWN = _SEEN | {_ACT, _COMMUNICATION, _EVENT, _GROUP, _LOCATION, _SHAPE, _TIME}
# As the last word of a query, "running" and "smiling" say what the thing before them does.
_DOING = {_ACT, _COMMUNICATION}

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
        meanings, gap, nouns = text.removeprefix(_HEAD).partition(b"\n\n")
        if not text.startswith(_HEAD) or not gap:
            raise broken(self._path)
        return _Lines.of(meanings + b"\n"), _Lines.of(nouns)


def make(
    folder: Path,
    everyday: Mapping[str, str] = EVERYDAY,
    kinds: Mapping[str, str] = KINDS,
) -> bytes:
    """The file's content from WordNet's, always the same bytes from the same words.

    Raises:
        ValueError: if ``everyday`` or ``kinds`` names a meaning that WordNet lacks.
    """
    synsets = read_synsets(folder / "data.noun")
    senses = read_senses(folder / "index.noun")
    nouns = {}
    for lemma, offsets in senses.items():
        if _is_colour(offsets[0], synsets):
            continue
        usable = [o for o in offsets if not (synsets[o].is_instance or synsets[o].is_slur)]
        offset = _usual(lemma, usable, synsets)
        if offset is not None:
            nouns[lemma] = offset
    for plural, lemma in read_plurals(folder / "noun.exc").items():
        if lemma in nouns:
            nouns.setdefault(plural, nouns[lemma])
    for word, meaning in everyday.items():
        nouns[word] = _offset(meaning, senses)
    for narrow, wide in kinds.items():
        offset = _offset(narrow, senses)
        parents = (_offset(wide, senses), *synsets[offset].parents)
        synsets[offset] = replace(synsets[offset], parents=parents)
    return _written(nouns, synsets)


def _offset(meaning: str, senses: Mapping[str, Sequence[int]]) -> int:
    """Of ``lemma#n``."""
    lemma, _, number = meaning.partition("#")
    try:
        return senses[lemma][int(number) - 1]
    except (KeyError, IndexError) as error:
        raise ValueError(f"WordNet has no {meaning}") from error


def _is_colour(offset: int, synsets: dict[int, Synset]) -> bool:
    """Blue and red are no things, although blue clothes are called blue too."""
    above = {offset}
    while above:
        if any(synsets[o].file == _ATTRIBUTE and "color" in synsets[o].words for o in above):
            return True
        above = {parent for o in above for parent in synsets[o].parents}
    return False


def _usual(lemma: str, offsets: list[int], synsets: dict[int, Synset]) -> int | None:
    """The first meaning that can be seen, or else that a photo can show."""
    shown = _SHOWN - _DOING if lemma.endswith("ing") else _SHOWN
    seen = [offset for offset in offsets if synsets[offset].file in _SEEN]
    if seen and synsets[seen[0]].file == _PLANT:
        # Who grows bananas says "banana plant".
        eaten = [offset for offset in seen if synsets[offset].file == _FOOD]
        seen = eaten or seen
    return next(iter(seen + [o for o in offsets if synsets[o].file in shown]), None)


def _written(nouns: dict[str, int], synsets: dict[int, Synset]) -> bytes:
    wanted, found = set(nouns.values()), set()
    while wanted:
        found |= wanted
        wanted = {parent for offset in wanted for parent in synsets[offset].parents} - found
    rows = {offset: row for row, offset in enumerate(sorted(found))}
    meanings = "".join(
        f"{'|'.join(synsets[o].words)}\t{' '.join(str(rows[p]) for p in synsets[o].parents)}\n"
        for o in rows
    )
    table = "".join(f"{noun}\t{rows[nouns[noun]]}\n" for noun in sorted(nouns))
    return gzip.compress(_HEAD + f"{meanings}\n{table}".encode(), 9, mtime=0)


def main() -> None:
    """Write the shipped file."""
    from engine.paths import resources_dir

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wordnet", type=Path, required=True, metavar="DIR")
    arguments = parser.parse_args()
    (resources_dir() / "starter" / FILE_NAME).write_bytes(make(arguments.wordnet))


if __name__ == "__main__":
    main()
