"""Writes the vectors of everyday nouns.

``python -m engine.training.noun_table`` writes ``resources/starter/noun_vectors.safetensors``, for
the nouns of the shipped thesaurus that people have an everyday word for in any language that
queries may be typed in. To be written again after the thesaurus or the table of words.
"""

from __future__ import annotations

import numpy as np

from engine.paths import resources_dir
from engine.profiles.starter import shipped_folder
from engine.query.vocabulary import WordKind
from engine.starter.text import noun_vectors, thesaurus
from engine.starter.text.query_meaning import entry_phrasings
from engine.starter.text.text_encoder import SentenceEncoder
from engine.starter.text.text_map import unit
from engine.words.lexicon import LANGUAGES, Lexicon


def everyday_nouns(lexicon: Lexicon) -> set[str]:
    """English lemmas of the everyday nouns of all languages."""
    found = set()
    for language in LANGUAGES:
        for lemma in lexicon.tables[0].everyday[language]:
            word = lexicon.look_up([lemma], language)
            if word is not None and word.kind in (WordKind.NOUN, WordKind.SCENE):
                found.add(word.english)
    return found


def build(nouns: thesaurus.Thesaurus, lexicon: Lexicon, encoder: SentenceEncoder) -> dict:
    """Lemma -> unit vector float32 (384,) of its entry, of all everyday nouns that have one."""
    groups = {}
    for noun in sorted(everyday_nouns(lexicon)):
        head = nouns.head(noun)
        entry = None if head is None else nouns.meaning(head.lemma)
        if head is not None and entry is not None:
            groups[head.lemma] = entry_phrasings(entry)
    encoded = iter(encoder.encode([s for group in groups.values() for s in group]))
    return {
        lemma: unit(np.mean([next(encoded) for _ in group], axis=0))
        for lemma, group in groups.items()
    }


if __name__ == "__main__":
    path = shipped_folder() / noun_vectors.FILE_NAME
    table = build(
        thesaurus.Thesaurus(shipped_folder() / thesaurus.FILE_NAME),
        Lexicon.load(resources_dir() / "words"),
        SentenceEncoder(),
    )
    noun_vectors.save(path, table)
    print(f"{len(table)} nouns, {path.stat().st_size / 1024:.0f} KB")
