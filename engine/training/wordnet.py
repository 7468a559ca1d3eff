"""Reads the noun files of WordNet 3.0 (Fellbaum 1998), in the format of its wndb(5WN).

Only the commands that write the shipped word files use it; a search reads no WordNet file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_HYPERNYM, _INSTANCE_OF = "@", "@i"


@dataclass(frozen=True)
class Synset:
    """One meaning of some words.

    Attributes:
        words: its synonyms, the usual one first, with spaces and capitals.
        parents: offsets of its hypernyms, and of what it is an instance of.
        file: number of the lexicographer file: 5 animals, 6 artifacts, see lexnames(5WN).
        is_instance: whether it is one particular thing, such as a river or a writer.
        is_slur: whether its gloss calls the words an ethnic slur.
    """

    words: tuple[str, ...]
    parents: tuple[int, ...]
    file: int
    is_instance: bool
    is_slur: bool


def read_synsets(data_noun: Path) -> dict[int, Synset]:
    """Read ``data.noun``: offset -> synset."""
    synsets = {}
    for line in _lines(data_noun):
        entry, _, gloss = line.partition("|")
        fields = entry.split()
        count = int(fields[3], 16)
        pointers = fields[5 + 2 * count :]
        upwards = [
            (kind, int(target))
            for kind, target in zip(pointers[::4], pointers[1::4], strict=False)
            if kind in (_HYPERNYM, _INSTANCE_OF)
        ]
        synsets[int(fields[0])] = Synset(
            words=tuple(w.replace("_", " ") for w in fields[4 : 4 + 2 * count : 2]),
            parents=tuple(target for _, target in upwards),
            file=int(fields[1]),
            is_instance=any(kind == _INSTANCE_OF for kind, _ in upwards),
            is_slur="ethnic slur" in gloss,
        )
    return synsets


def read_senses(index_noun: Path) -> dict[str, list[int]]:
    """Read ``index.noun``: lemma (lower case, spaces) -> offsets, most frequent meaning first."""
    senses: dict[str, list[int]] = {}
    for line in _lines(index_noun):
        fields = line.split()
        count = int(fields[2])
        senses[fields[0].replace("_", " ")] = [int(offset) for offset in fields[-count:]]
    return senses


def read_plurals(noun_exc: Path) -> dict[str, str]:
    """Read ``noun.exc``: irregular plural -> lemma."""
    pairs = [line.split() for line in _lines(noun_exc)]
    return {p[0].replace("_", " "): p[1].replace("_", " ") for p in pairs if len(p) == 2}


def _lines(path: Path) -> list[str]:
    """The lines without the licence at the head, which is indented."""
    return [line for line in path.read_text("latin-1").splitlines() if line[:2] != "  "]
