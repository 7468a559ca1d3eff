"""Names of the 1,000 ImageNet classes, with their synonyms and hypernyms in WordNet 3.0.

``engine.training.class_name_table`` writes the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

FILE_NAME = "class_names.json"
TOO_GENERAL = frozenset(
    "entity|physical entity|object|whole|artifact|living thing|organism|abstraction|matter|"
    "instrumentality|unit|psychological feature|causal agent|physical object|thing|"
    "commodity|article|substance|device|natural object|conveyance|implement|equipment|"
    "vertebrate|chordate|mammal|placental|cognition|relation|attribute|part|group|"
    "covering|structure|instrument".split("|")
)
"""Hypernyms that are too general to be useful; they are left out of ``kinds``."""
MOST_KINDS = 6


@dataclass(frozen=True)
class ClassName:
    """Names of one class.

    Attributes:
        synonyms: the usual one first.
        kinds: hypernyms, nearest first.
    """

    synonyms: tuple[str, ...]
    kinds: tuple[str, ...]

    def phrasings(self) -> tuple[str, ...]:
        """Three sentences whose mean vector stands for the class."""
        name, kinds = self.synonyms[0], ", ".join(self.kinds[:3])
        synonyms = ", ".join(self.synonyms)
        if not kinds:
            return (f"a photo of a {name}", synonyms, name)
        return (
            f"a photo of a {name}",
            f"a photo of a {name}, a kind of {kinds}",
            f"{name} ({synonyms}): {kinds}",
        )


def read_class_names(path: Path) -> list[ClassName]:
    """Read the shipped table, in the classifier's order."""
    return [
        ClassName(tuple(row["synonyms"]), tuple(row["kinds"]))
        for row in json.loads(path.read_text("utf-8"))["classes"]
    ]


def kinds_above(
    start: int, parents_of: Callable[[int], Sequence[int]], name_of: Callable[[int], str]
) -> tuple[str, ...]:
    """Hypernyms of a meaning, nearest first: about ``MOST_KINDS``, none of ``TOO_GENERAL``."""
    kinds: list[str] = []
    level = parents_of(start)
    while level and len(kinds) < MOST_KINDS:
        kinds += [name for name in map(name_of, level) if name not in TOO_GENERAL]
        level = [parent for meaning in level for parent in parents_of(meaning)]
    return tuple(dict.fromkeys(kinds))
