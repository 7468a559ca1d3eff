"""Writes the shipped thesaurus.

``python -m engine.training.thesaurus_table --wordnet DIR`` writes the file
``resources/starter/nouns.txt.gz``; ``DIR`` holds WordNet's ``data.noun``, ``index.noun`` and
``noun.exc`` (Debian: wordnet-base).

One meaning of every noun is kept: the one in ``everyday_words``, or else the most frequent visible
one. Particular things (rivers, writers) and meanings that no photo shows (feelings, quantities) are
left out.
"""

from __future__ import annotations

import argparse
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from engine.starter.text.thesaurus import FILE_HEAD, FILE_NAME
from engine.training.everyday_words import EVERYDAY, KINDS
from engine.training.wordnet import Synset, read_plurals, read_senses, read_synsets

# Numbers of WordNet's lexicographer files.
_TOPS, _ACT, _ANIMAL, _ARTIFACT, _ATTRIBUTE, _BODY, _COMMUNICATION = 3, 4, 5, 6, 7, 8, 10
_EVENT, _FOOD, _GROUP, _LOCATION, _OBJECT, _PERSON = 11, 13, 14, 15, 17, 18
_PHENOMENON, _PLANT, _SHAPE, _SUBSTANCE, _TIME = 19, 20, 25, 27, 28
VISIBLE = {
    _TOPS,
    _ANIMAL,
    _ARTIFACT,
    _BODY,
    _FOOD,
    _OBJECT,
    _PERSON,
    _PHENOMENON,
    _PLANT,
    _SUBSTANCE,
}
_DEPICTABLE = VISIBLE | {_ACT, _COMMUNICATION, _EVENT, _GROUP, _LOCATION, _SHAPE, _TIME}
# Not for words in -ing: at the end of a query, "running" says what the thing before it does.
_ACTIVITIES = {_ACT, _COMMUNICATION}


def build_table(
    folder: Path,
    everyday: Mapping[str, str] = EVERYDAY,
    kinds: Mapping[str, str] = KINDS,
) -> bytes:
    """The file's content, built from WordNet's files; deterministic.

    Args:
        folder: holds WordNet's files.
        everyday: noun -> ``lemma#n``, replaces the default meaning.
        kinds: ``lemma#n`` -> additional hypernym.

    Raises:
        ValueError: ``everyday`` or ``kinds`` names a meaning that WordNet lacks.
    """
    synsets = read_synsets(folder / "data.noun")
    senses = read_senses(folder / "index.noun")
    nouns = {}
    for lemma, offsets in senses.items():
        if _is_colour(offsets[0], synsets):
            continue
        usable = [o for o in offsets if not (synsets[o].is_instance or synsets[o].is_slur)]
        offset = _default_meaning(lemma, usable, synsets)
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
    return _serialised(nouns, synsets)


def _offset(meaning: str, senses: Mapping[str, Sequence[int]]) -> int:
    """Offset of the synset of ``lemma#n``."""
    lemma, _, number = meaning.partition("#")
    try:
        return senses[lemma][int(number) - 1]
    except (KeyError, IndexError) as error:
        raise ValueError(f"WordNet has no {meaning}") from error


def _is_colour(offset: int, synsets: dict[int, Synset]) -> bool:
    """Whether a synset is a colour. Colours are left out, though "blue" also means blue clothes."""
    above = {offset}
    while above:
        if any(synsets[o].file == _ATTRIBUTE and "color" in synsets[o].words for o in above):
            return True
        above = {parent for o in above for parent in synsets[o].parents}
    return False


def _default_meaning(lemma: str, offsets: list[int], synsets: dict[int, Synset]) -> int | None:
    """The first visible meaning, or else the first one that a photo can show."""
    depictable = _DEPICTABLE - _ACTIVITIES if lemma.endswith("ing") else _DEPICTABLE
    visible = [offset for offset in offsets if synsets[offset].file in VISIBLE]
    if visible and synsets[visible[0]].file == _PLANT:
        # "Banana" usually means the fruit, not the plant.
        foods = [offset for offset in visible if synsets[offset].file == _FOOD]
        visible = foods or visible
    return next(iter(visible + [o for o in offsets if synsets[o].file in depictable]), None)


def _serialised(nouns: dict[str, int], synsets: dict[int, Synset]) -> bytes:
    """The gzipped file of the nouns and of all their hypernyms."""
    level, found = set(nouns.values()), set[int]()
    while level:
        found |= level
        level = {parent for offset in level for parent in synsets[offset].parents} - found
    rows = {offset: row for row, offset in enumerate(sorted(found))}
    meanings = "".join(
        f"{'|'.join(synsets[o].words)}\t{' '.join(str(rows[p]) for p in synsets[o].parents)}\n"
        for o in rows
    )
    table = "".join(f"{noun}\t{rows[nouns[noun]]}\n" for noun in sorted(nouns))
    return gzip.compress(FILE_HEAD + f"{meanings}\n{table}".encode(), 9, mtime=0)


def main() -> None:
    """Write the shipped file."""
    from engine.paths import resources_dir

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wordnet", type=Path, required=True, metavar="DIR")
    arguments = parser.parse_args()
    (resources_dir() / "starter" / FILE_NAME).write_bytes(build_table(arguments.wordnet))


if __name__ == "__main__":
    main()
