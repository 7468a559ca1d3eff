"""Writes the shipped table of the ImageNet class names.

``python -m engine.training.class_name_table --synsets imagenet_synsets.txt --wordnet data.noun``
writes ``resources/starter/class_names.json``. ``imagenet_synsets.txt`` lists the classes'
WordNet 3.0 ids in the classifier's order (timm carries it); ``data.noun`` is WordNet 3.0's noun
file.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from engine.starter.text.class_names import FILE_NAME, ClassName, kinds_above
from engine.training.wordnet import read_synsets


def from_wordnet(synset_ids: Sequence[str], noun_file: Path) -> list[ClassName]:
    """Names of the classes; synset ids are like ``n02099601``."""
    synsets = read_synsets(noun_file)
    offsets = [int(synset_id[1:]) for synset_id in synset_ids]
    return [
        ClassName(
            synsets[offset].words,
            kinds_above(offset, lambda o: synsets[o].parents, lambda o: synsets[o].words[0]),
        )
        for offset in offsets
    ]


def main() -> None:
    """Write the shipped file."""
    """Write the shipped file."""
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
