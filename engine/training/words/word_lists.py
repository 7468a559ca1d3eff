"""Reads the hand-written lists of everyday words in seven languages, ``engine/training/words``.

A line is one concept: English, German, French, Spanish, Italian, Portuguese and Dutch, with ``|``
between them; names of one language are separated by commas, the usual one first. After a name, its
irregular forms, each after a ``/``; in lower case after a German noun: an ending ("Hund/e"). A line
in brackets says which kind the following words are. A line of one field is an English word only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.query.vocabulary import WordKind
from engine.words.lexicon import LANGUAGES

FOLDER = Path(__file__).parent
FILES = ("nouns_people", "nouns_things", "nouns_places", "adjectives", "verbs")


@dataclass(frozen=True)
class Name:
    """One name of a concept: its lemma and the irregular forms that are given for it."""

    lemma: str
    forms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Concept:
    """Something with a name in each language: language -> names, the usual one first."""

    kind: WordKind
    names: dict[str, tuple[Name, ...]]

    @property
    def english(self) -> str:
        return self.names["en"][0].lemma


def read_concepts(folder: Path = FOLDER) -> Iterator[Concept]:
    """All concepts, file by file.

    Raises:
        ValueError: a line has the wrong number of fields.
    """
    for file in FILES:
        kind = WordKind.NOUN
        for line in (folder / f"{file}.txt").read_text("utf-8").splitlines():
            if line.startswith("["):
                kind = WordKind(line.strip("[] "))
            elif line and not line.startswith("#"):
                yield _concept(line, kind)


def _concept(line: str, kind: WordKind) -> Concept:
    fields = line.split("|")
    if len(fields) not in (1, len(LANGUAGES)):
        raise ValueError(f"expected {len(LANGUAGES)} fields, got {len(fields)}: {line}")
    names = {
        language: tuple(_name(text.strip(), language, kind) for text in field.split(","))
        for language, field in zip(LANGUAGES, fields, strict=False)
    }
    return Concept(kind, names)


def _name(text: str, language: str, kind: WordKind) -> Name:
    lemma, *forms = text.split("/")
    if language == "de" and kind in (WordKind.NOUN, WordKind.SCENE):
        forms = [lemma + form if form[:1].islower() else form for form in forms]
    return Name(lemma, tuple(forms))
