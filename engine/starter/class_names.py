"""Names of the 1,000 ImageNet classes, enriched by what WordNet knows of them.

``python -m engine.starter.class_names --synsets imagenet_synsets.txt --wordnet data.noun`` writes
``resources/starter/class_names.json`` anew. ``imagenet_synsets.txt`` lists the classes' WordNet 3.0
ids in the classifier's order (timm carries it); ``data.noun`` is WordNet 3.0's noun file.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.starter.wordnet import read_synsets

FILE_NAME = "class_names.json"
TOO_GENERAL = frozenset(
    "entity|physical entity|object|whole|artifact|living thing|organism|abstraction|matter|"
    "instrumentality|unit|psychological feature|causal agent|physical object|thing|"
    "commodity|article|substance|device|natural object|conveyance|implement|equipment|"
    "vertebrate|chordate|mammal|placental|cognition|relation|attribute|part|group|"
    "covering|structure|instrument".split("|")
)
"""Names so high up that they tell nothing; a path upwards ends at them without naming them."""
MOST_KINDS = 6


@dataclass(frozen=True)
class ClassName:
    """Synonyms of one class (first: the usual one) and what it is a kind of, nearest first."""

    synonyms: tuple[str, ...]
    kinds: tuple[str, ...]

    def phrasings(self) -> tuple[str, ...]:
        """Three sentences whose mean vector stands for the class."""
        name, kinds = self.synonyms[0], ", ".join(self.kinds[:3])
        also = ", ".join(self.synonyms)
        if not kinds:
            return (f"a photo of a {name}", also, name)
        return (
            f"a photo of a {name}",
            f"a photo of a {name}, a kind of {kinds}",
            f"{name} ({also}): {kinds}",
        )


def read_class_names(path: Path) -> list[ClassName]:
    """The shipped table, in the classifier's order."""
    return [
        ClassName(tuple(row["synonyms"]), tuple(row["kinds"]))
        for row in json.loads(path.read_text("utf-8"))["classes"]
    ]


def from_wordnet(synset_ids: Sequence[str], noun_file: Path) -> list[ClassName]:
    """Look the classes up; ids are like ``n02099601``."""
    synsets = read_synsets(noun_file)
    offsets = [int(synset_id[1:]) for synset_id in synset_ids]
    return [
        ClassName(
            synsets[offset].words,
            kinds_above(offset, lambda o: synsets[o].parents, lambda o: synsets[o].words[0]),
        )
        for offset in offsets
    ]


def kinds_above(
    start: int, parents_of: Callable[[int], Sequence[int]], name_of: Callable[[int], str]
) -> tuple[str, ...]:
    """What a meaning is a kind of, nearest first: about ``MOST_KINDS`` names, none too general."""
    kinds: list[str] = []
    level = parents_of(start)
    while level and len(kinds) < MOST_KINDS:
        kinds += [name for name in map(name_of, level) if name not in TOO_GENERAL]
        level = [above for one in level for above in parents_of(one)]
    return tuple(dict.fromkeys(kinds))


def main() -> None:
    from engine.paths import resources_dir

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--synsets", type=Path, required=True)
    parser.add_argument("--wordnet", type=Path, required=True)
    arguments = parser.parse_args()
    classes = from_wordnet(arguments.synsets.read_text().split(), arguments.wordnet)
    rows = [{"synonyms": c.synonyms, "kinds": c.kinds} for c in classes]
    table = {
        "source": "WordNet 3.0, Copyright 2006 by Princeton University; see resources/notices",
        "classes": rows,
    }
    target = resources_dir() / "starter" / FILE_NAME
    target.write_text(json.dumps(table, ensure_ascii=False, indent=0) + "\n", "utf-8")


if __name__ == "__main__":
    main()
