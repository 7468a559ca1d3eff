"""Vector of a query's meaning: from its words, its thesaurus entry and the nearest known name.

The sentence model was not trained on names of things: it puts "telly" and "kid" far from "tv" and
"person", which the region map was fitted to. So a query is moved towards the nearest name that the
map knows, upwards in WordNet: an automobile is a car, a puppy is a kind of dog.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.starter.arrays import broken, missing
from engine.starter.text.class_names import ClassName
from engine.starter.text.noun_vectors import NounVectors
from engine.starter.text.person_words import asks_for_people
from engine.starter.text.text_encoder import NDIM, SentenceEncoder
from engine.starter.text.text_map import TextMap, phrasings, unit
from engine.starter.text.thesaurus import Thesaurus

FITTED_NAMES = "fitted_names.txt"
ENTRY_SHARE = 0.5
"""Weight of the thesaurus entry in a query's own vector; its words have the rest."""
MOST_SYNONYMS = 4
"""Rarer synonyms would cost more time than they improve the vector."""
SAME_SHARE = 1.0
"""Weight of the known name, if the query is a synonym of it and says nothing else."""
KIND_SHARE = 0.9
"""Weight of the known name, if the query is a kind of it; less than 1 so that puppies still rank
before other dogs."""
KINDS_SHARE = 0.7
"""Weight of the known names that are kinds of the query: of a parrot the macaw and three others. On
held-out photos and names that the maps were not fitted to, the order is the same from 0.3 to 1."""
PART_SHARE = 0.5
"""Weight of the known name, if the query says more than a name."""


class _QueryParts(NamedTuple):
    """What a query's vector is computed from.

    Attributes:
        sentences: of its words; empty if the known names have all the weight.
        entry: of its thesaurus entry, the vector or the sentences; empty without one.
        name_vectors: unit vectors of the nearest known names.
        name_share: weight of the known names in the vector, 0..1.
    """

    sentences: Sequence[str]
    entry: np.ndarray | Sequence[str]
    name_vectors: list[np.ndarray]
    name_share: float


class QueryMeaning:
    """Maps queries into the sentence space. Used by one thread at a time.

    Args:
        noun_vectors: of everyday nouns, so that their entries need not be encoded.
        fitted_names: the category names that the text map was fitted to, in its order.
        classes: the ImageNet classes, in the classifier's order.
    """

    def __init__(
        self,
        encoder: SentenceEncoder,
        text_map: TextMap,
        thesaurus: Thesaurus,
        noun_vectors: NounVectors,
        fitted_names: Sequence[str],
        classes: Sequence[ClassName],
    ) -> None:
        self._encoder = encoder
        self._map = text_map
        self._thesaurus = thesaurus
        self._noun_vectors = noun_vectors
        vectors = unit(text_map.name_vectors)
        self._fitted = dict(zip(fitted_names, vectors, strict=True))
        self._classes = classes

    @property
    def known_names(self) -> np.ndarray:
        """Unit vectors (V, 384) of ImageNet's classes and of the fitted names."""
        return unit(np.concatenate([self._map.class_vectors, self._map.name_vectors]))

    @property
    def names(self) -> list[str]:
        """The names that ``known_names`` are the vectors of, in their order."""
        return [name.synonyms[0] for name in self._classes] + list(self._fitted)

    @property
    def everyday_names(self) -> np.ndarray:
        """For each of ``names`` the index of the fitted name that it is a kind of, or its own."""
        first_fitted = len(self._classes)
        found = np.arange(first_fitted + len(self._fitted))
        fitted = {
            meaning: first_fitted + i
            for i, meaning in enumerate(self._meanings[first_fitted:])
            if meaning is not None
        }
        for i, meaning in enumerate(self._meanings[:first_fitted]):
            levels = () if meaning is None else self._thesaurus.levels_above(meaning)
            above = (fitted[m] for level in levels for m in sorted(level) if m in fitted)
            found[i] = next(above, i)
        return found

    def relatives(self, text: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Which of ``names`` are the thing that a query names or kinds of it, bool (V,), and which
        are something that it is itself a kind of, bool (V,). None if its head noun is not known.
        """
        head = self._thesaurus.head(text, self._fitted.keys())
        if head is None:
            return None
        same = np.array([name == head.lemma for name in self.names])
        own = self._thesaurus.meaning_ids(head.lemma)
        above = set().union(*(level for m in own for level in self._thesaurus.levels_above(m)))
        kinds = self._kinds_of(head.lemma)
        general = np.array([m in above for m in self._meanings]) & ~kinds
        return kinds | same, general

    def _kinds_of(self, lemma: str) -> np.ndarray:
        """Which of ``names`` a noun's meanings are, or are kinds of these, bool (V,)."""
        own = set(self._thesaurus.meaning_ids(lemma))
        return np.array([not own.isdisjoint(ancestors) for ancestors in self._ancestors])

    @cached_property
    def _meanings(self) -> list[int | None]:
        """The WordNet meaning of each of ``names``."""
        of_fitted = [self._thesaurus.meaning_id(name) for name in self._fitted]
        return [*self._thesaurus.class_meanings, *of_fitted]

    @cached_property
    def _ancestors(self) -> list[set[int]]:
        """The meaning of each of ``names`` and all that it is a kind of."""
        return [
            set() if m is None else set().union(*self._thesaurus.levels_above(m))
            for m in self._meanings
        ]

    def asks_for_people(self, text: str) -> bool:
        """Whether the query is about a person or people; raises like ``vectors``."""
        return asks_for_people(text, self._thesaurus)

    def query_vectors(
        self, names: Sequence[str], sentence: str = ""
    ) -> tuple[np.ndarray, np.ndarray]:
        """Unit vectors of names, float32 (N, 384), and of a sentence as a whole, float32 (384,),
        centred like the regions' vectors. The sentence is not drawn towards the name of any thing
        in it; without one its vector is zero.

        Raises:
            ModelMissing: at the first query, if a file of nouns is missing.
            ModelBroken: the same, if it cannot be read.
        """
        queries = [self._parse(name) for name in names]
        of_sentence = phrasings([sentence]) if sentence else []
        groups = [
            *(parts.sentences for parts in queries),
            *(parts.entry for parts in queries if not isinstance(parts.entry, np.ndarray)),
        ]
        texts = [*of_sentence, *(text for group in groups for text in group)]
        vector_of = dict(zip(texts, self._encoder.encode(texts), strict=True))
        rows = [self._vector(parts, vector_of) for parts in queries]
        whole = np.zeros(NDIM, np.float32)
        if sentence:
            encoded = np.array([vector_of[text] for text in of_sentence])
            whole = self._map.query_vectors(encoded[None])[0].astype(np.float32)
        return np.array(rows, np.float32).reshape(len(rows), NDIM), whole

    def _vector(self, parts: _QueryParts, vector_of: Mapping[str, np.ndarray]) -> np.ndarray:
        """The query's vector, given the vectors of its sentences."""
        vector = np.zeros(NDIM)
        if parts.sentences:
            mixed = unit(np.mean([vector_of[text] for text in parts.sentences], axis=0))
            if len(parts.entry):
                entry = parts.entry
                if not isinstance(entry, np.ndarray):
                    entry = unit(np.mean([vector_of[text] for text in entry], axis=0))
                mixed = (1 - ENTRY_SHARE) * mixed + ENTRY_SHARE * entry
            vector = self._map.query_vectors(mixed[None, None])[0]
        if parts.name_vectors:
            names = np.mean(parts.name_vectors, axis=0)
            vector = (1 - parts.name_share) * vector + parts.name_share * names
        return unit(vector)

    def _parse(self, text: str) -> _QueryParts:
        head = self._thesaurus.head(text, self._fitted.keys())
        if head is None:
            return _QueryParts(phrasings([text]), (), [], 0.0)
        names, share = self._nearest_names(head.lemma)
        if names and not head.alone:
            share = PART_SHARE
        if share == 1:
            return _QueryParts((), (), names, share)
        entry = () if head.lemma in self._fitted else self._entry(head.lemma)
        return _QueryParts(phrasings([text]), entry, names, share)

    def _entry(self, lemma: str) -> np.ndarray | Sequence[str]:
        """The vector of a noun's entry if it is an everyday noun, or else its sentences."""
        vector = self._noun_vectors.vector(lemma)
        if vector is not None:
            return vector
        entry = self._thesaurus.meaning(lemma)
        return () if entry is None else entry_phrasings(entry)

    def _nearest_names(self, lemma: str) -> tuple[list[np.ndarray], float]:
        """Vectors of the known names nearest to a noun, and their weight: the noun itself, or kinds
        of it, or the lowest WordNet level above it that has any."""
        if lemma in self._fitted:
            return [self._fitted[lemma]], SAME_SHARE
        for steps, level in enumerate(self._thesaurus.meanings_above(lemma)):
            known = sorted(level & self._known_by_meaning.keys())
            if known:
                share = SAME_SHARE if steps == 0 else KIND_SHARE
                return [self._known_by_meaning[m] for m in known], share
            kinds = self._kinds_of(lemma)
            if steps == 0 and kinds.any():
                return list(self.known_names[kinds]), KINDS_SHARE
        return [], 0.0

    @cached_property
    def _known_by_meaning(self) -> dict[int, np.ndarray]:
        """WordNet meaning -> vector. A fitted name takes precedence over an ImageNet class."""
        known: dict[int, np.ndarray] = {}
        of_classes = unit(self._map.class_vectors)
        for meaning, vector in zip(self._thesaurus.class_meanings, of_classes, strict=True):
            known.setdefault(meaning, vector)
        for fitted, vector in self._fitted.items():
            usual = self._thesaurus.meaning_id(fitted)
            if usual is not None:
                known[usual] = vector
        return known


def entry_phrasings(entry: ClassName) -> Sequence[str]:
    """Sentences whose mean vector stands for a noun of the thesaurus."""
    return ClassName(entry.synonyms[:MOST_SYNONYMS], entry.kinds).phrasings()


def read_fitted_names(path: Path, count: int) -> list[str]:
    """Read the fitted names, one a line, in the order of the text map's ``name_vectors``.

    Raises:
        ModelMissing: there is no such file.
        ModelBroken: it is not text with ``count`` lines.
    """
    try:
        names = path.read_text("utf-8").splitlines()
    except FileNotFoundError as error:
        raise missing(path) from error
    except (OSError, UnicodeDecodeError) as error:
        raise broken(path) from error
    if len(names) != count:
        raise broken(path)
    return names
