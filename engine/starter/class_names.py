"""Names of the 1,000 ImageNet classes, enriched by what WordNet knows of them.

``python -m engine.starter.class_names --synsets imagenet_synsets.txt --wordnet data.noun`` writes
``resources/starter/class_names.json`` anew. ``imagenet_synsets.txt`` lists the classes' WordNet 3.0
ids in the classifier's order (timm carries it); ``data.noun`` is WordNet 3.0's noun file.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

FILE_NAME = "class_names.json"
TOO_GENERAL = frozenset(
    "entity physical_entity object whole artifact living_thing organism abstraction matter "
    "instrumentality unit psychological_feature causal_agent physical_object thing "
    "commodity article substance device natural_object conveyance implement equipment "
    "vertebrate chordate mammal placental cognition relation attribute part group "
    "covering structure instrument".split()
)
"""Names so high up that they tell nothing; a path upwards ends at them without naming them."""


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


def from_wordnet(synset_ids: list[str], noun_file: Path) -> list[ClassName]:
    """Look the classes up; ids are like ``n02099601``."""
    words: dict[int, list[str]] = {}
    parents: dict[int, list[int]] = {}
    for line in noun_file.read_text("latin-1").splitlines():
        if line.startswith("  "):
            continue
        fields = line.split("|")[0].split()
        offset, count = int(fields[0]), int(fields[3], 16)
        words[offset] = fields[4 : 4 + 2 * count : 2]
        pointers = fields[5 + 2 * count :]
        parents[offset] = [
            int(pointers[i + 1]) for i in range(0, len(pointers), 4) if pointers[i] in ("@", "@i")
        ]
    classes = []
    for synset_id in synset_ids:
        offset = int(synset_id[1:])
        kinds: list[str] = []
        level = parents[offset]
        while level and len(kinds) < 6:
            fresh = [words[p][0] for p in level]
            kinds += [w.replace("_", " ") for w in fresh if w not in TOO_GENERAL]
            level = [q for p in level for q in parents[p]]
        names = [w.replace("_", " ") for w in words[offset]]
        classes.append(ClassName(tuple(names), tuple(dict.fromkeys(kinds))))
    return classes


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
