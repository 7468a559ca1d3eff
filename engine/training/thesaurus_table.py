"""Writes the shipped thesaurus.

``python -m engine.training.thesaurus_table --wordnet DIR --synsets imagenet_synsets.txt`` writes
the file ``resources/starter/nouns.txt.gz``. ``DIR`` holds WordNet's ``data.noun``, ``index.noun``
and ``noun.exc`` (Debian: wordnet-base); ``imagenet_synsets.txt`` lists the WordNet 3.0 ids of the
ImageNet classes in the classifier's order (timm carries it).

One meaning of every noun is the usual one: that in ``everyday_words``, or else the most frequent
visible one. Further ones of the same sort are kept to find what the noun may be a name of: a lamp
is any light, and a piece of furniture. Particular things (rivers, writers) and meanings that no
photo shows (feelings, quantities) are left out.
"""

from __future__ import annotations

import argparse
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from engine.starter.text.thesaurus import FILE_HEAD, FILE_NAME
from engine.training.everyday_words import CALLED, EVERYDAY
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
_FREQUENT = 3
"""So many of a noun's meanings are looked through for further ones."""


def build_table(
    folder: Path,
    class_ids: Sequence[str],
    everyday: Mapping[str, str] = EVERYDAY,
    called: Sequence[tuple[str, str]] = CALLED,
) -> bytes:
    """The file's content, built from WordNet's files; deterministic.

    Args:
        folder: holds WordNet's files.
        class_ids: of the ImageNet classes, like ``n02099601``.
        everyday: noun -> ``lemma#n``, replaces the default meaning.
        called: pairs of a narrower and a wider noun, each ``lemma#n`` or a noun.

    Raises:
        ValueError: ``everyday`` or ``called`` names a meaning that WordNet lacks, or a circle.
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
    for narrow, wide in called:
        offset, parent = (nouns.get(n) or _offset(n, senses) for n in (narrow, wide))
        if offset != parent:
            if offset in _and_above(parent, synsets):
                raise ValueError(f"{wide} is a kind of {narrow} in WordNet")
            parents = (parent, *synsets[offset].parents)
            synsets[offset] = replace(synsets[offset], parents=parents)
    further = {
        noun: [
            o
            for o in senses.get(noun, ())[:_FREQUENT]
            if o != usual and synsets[o].file == synsets[usual].file and not synsets[o].is_instance
        ]
        for noun, usual in nouns.items()
    }
    return _serialised(nouns, further, synsets, [int(class_id[1:]) for class_id in class_ids])


def _offset(meaning: str, senses: Mapping[str, Sequence[int]]) -> int:
    """Offset of the synset of ``lemma#n``."""
    lemma, _, number = meaning.partition("#")
    try:
        return senses[lemma][int(number) - 1]
    except (KeyError, IndexError) as error:
        raise ValueError(f"WordNet has no {meaning}") from error


def _is_colour(offset: int, synsets: dict[int, Synset]) -> bool:
    """Whether a synset is a colour. Colours are left out, though "blue" also means blue clothes."""
    above = (synsets[o] for o in _and_above(offset, synsets))
    return any(synset.file == _ATTRIBUTE and "color" in synset.words for synset in above)


def _default_meaning(lemma: str, offsets: list[int], synsets: dict[int, Synset]) -> int | None:
    """The first visible meaning, or else the first one that a photo can show."""
    depictable = _DEPICTABLE - _ACTIVITIES if lemma.endswith("ing") else _DEPICTABLE
    visible = [offset for offset in offsets if synsets[offset].file in VISIBLE]
    if visible and synsets[visible[0]].file == _PLANT:
        # "Banana" usually means the fruit, not the plant.
        foods = [offset for offset in visible if synsets[offset].file == _FOOD]
        visible = foods or visible
    return next(iter(visible + [o for o in offsets if synsets[o].file in depictable]), None)


def _and_above(offset: int, synsets: Mapping[int, Synset]) -> set[int]:
    """A meaning and all its hypernyms."""
    level, found = {offset}, set[int]()
    while level:
        found |= level
        level = {parent for o in level for parent in synsets[o].parents} - found
    return found


def _serialised(
    nouns: Mapping[str, int],
    further: Mapping[str, Sequence[int]],
    synsets: Mapping[int, Synset],
    classes: Sequence[int],
) -> bytes:
    """The gzipped file of the nouns, the classes, and all their hypernyms."""
    meant = {*nouns.values(), *chain(*further.values()), *classes}
    found = set[int]().union(*(_and_above(offset, synsets) for offset in meant))
    rows = {offset: row for row, offset in enumerate(sorted(found))}
    meanings = "".join(
        f"{'|'.join(synsets[o].words)}\t{' '.join(str(rows[p]) for p in synsets[o].parents)}\n"
        for o in rows
    )
    table = "".join(
        f"{noun}\t{' '.join(str(rows[o]) for o in (nouns[noun], *further[noun]))}\n"
        for noun in sorted(nouns)
    )
    of_classes = "".join(f"{rows[offset]}\n" for offset in classes)
    return gzip.compress(FILE_HEAD + f"{meanings}\n{table}\n{of_classes}".encode(), 9, mtime=0)


def main() -> None:
    """Write the shipped file."""
    from engine.paths import resources_dir

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wordnet", type=Path, required=True, metavar="DIR")
    parser.add_argument("--synsets", type=Path, required=True)
    arguments = parser.parse_args()
    table = build_table(arguments.wordnet, arguments.synsets.read_text("utf-8").split())
    (resources_dir() / "starter" / FILE_NAME).write_bytes(table)


if __name__ == "__main__":
    main()
