"""The hand-written lists of words: complete, and read as they are meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.query.vocabulary import WordKind
from engine.training.words.word_lists import FILES, Name, read_concepts
from engine.words.lexicon import LANGUAGES


def test_there_are_enough_words_in_every_language():
    concepts = [concept for concept in read_concepts() if len(concept.names) == len(LANGUAGES)]
    nouns = [c for c in concepts if c.kind in (WordKind.NOUN, WordKind.SCENE)]
    assert len(nouns) >= 800
    assert len([c for c in concepts if c.kind is WordKind.ADJECTIVE]) >= 120
    assert all(name.lemma for c in concepts for names in c.names.values() for name in names)


def test_no_stray_signs():
    signs = set("|[]#;\t")
    lemmas = [n.lemma for c in read_concepts() for names in c.names.values() for n in names]
    assert [lemma for lemma in lemmas if signs & set(lemma) or lemma != lemma.strip()] == []


def write_lists(folder: Path, nouns: str) -> None:
    for file in FILES:
        (folder / f"{file}.txt").write_text(nouns if file == FILES[0] else "", "utf-8")


def test_names_forms_and_kinds_are_read(tmp_path: Path):
    text = "# Note.\n[scene]\nsea, see | Hund/e, Apfel/Äpfel | chien | p/q | c | c | h\nonly\n"
    write_lists(tmp_path, text)
    first, second = read_concepts(tmp_path)
    assert first.kind is WordKind.SCENE
    assert first.english == "sea"
    assert first.names["de"] == (Name("Hund", ("Hunde",)), Name("Apfel", ("Äpfel",)))
    assert first.names["es"] == (Name("p", ("q",)),)
    assert second.names == {"en": (Name("only"),)}


def test_a_line_with_a_missing_field_is_refused(tmp_path: Path):
    write_lists(tmp_path, "dog | Hund | chien\n")
    with pytest.raises(ValueError, match="expected 7 fields, got 3"):
        list(read_concepts(tmp_path))
