"""Vector of a query's meaning: from its words, its thesaurus entry and the nearest known name.

The sentence model was not trained on names of things: it puts "telly" and "kid" far from "tv" and
"person", which the region map was fitted to. So a query is moved towards the nearest name that the
map knows, upwards in WordNet: an automobile is a car, a puppy is a kind of dog.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.starter.arrays import broken, missing
from engine.starter.text.class_names import ClassName
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
        sentence_groups: sentences of its words, then of its thesaurus entry; empty if the known
            names have all the weight.
        name_vectors: unit vectors of the nearest known names.
        name_share: weight of the known names in the vector, 0..1.
    """

    sentence_groups: list[Sequence[str]]
    name_vectors: list[np.ndarray]
    name_share: float


class QueryMeaning:
    """Maps queries into the sentence space. Used by one thread at a time.

    Args:
        fitted_names: the category names that the text map was fitted to, in its order.
        classes: the ImageNet classes, in the classifier's order.
    """

    def __init__(
        self,
        encoder: SentenceEncoder,
        text_map: TextMap,
        thesaurus: Thesaurus,
        fitted_names: Sequence[str],
        classes: Sequence[ClassName],
    ) -> None:
        self._encoder = encoder
        self._map = text_map
        self._thesaurus = thesaurus
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

    def sentence_vector(self, sentence: str) -> np.ndarray:
        """Unit vector float32 (384,) of a sentence as a whole, centred like the regions' vectors.

        It is not drawn towards the name of any thing in it.
        """
        encoded = self._encoder.encode(phrasings([sentence]))
        return self._map.query_vectors(np.asarray(encoded)[None])[0].astype(np.float32)

    def asks_for_people(self, text: str) -> bool:
        """Whether the query is about a person or people; raises like ``vectors``."""
        return asks_for_people(text, self._thesaurus)

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32 (N, 384), centred like the regions' vectors.

        Raises:
            ModelMissing: at the first query, if the thesaurus file is missing.
            ModelBroken: the same, if it cannot be read.
        """
        if not texts:
            return np.zeros((0, NDIM), np.float32)
        queries = [self._parse(text) for text in texts]
        sentences = [s for parts in queries for group in parts.sentence_groups for s in group]
        encoded = iter(self._encoder.encode(sentences))
        rows = []
        for parts in queries:
            groups = [[next(encoded) for _ in group] for group in parts.sentence_groups]
            means = [unit(np.mean(group, axis=0)) for group in groups]
            rows.append(self._vector(parts, means))
        return np.array(rows, np.float32)

    def _vector(self, parts: _QueryParts, group_means: list[np.ndarray]) -> np.ndarray:
        """The query's vector from the mean sentence vector of each of its sentence groups."""
        vector = np.zeros(NDIM)
        if group_means:
            words, entry = group_means[0], group_means[-1]
            mixed = (1 - ENTRY_SHARE) * words + ENTRY_SHARE * entry
            vector = self._map.query_vectors(mixed[None, None])[0]
        if parts.name_vectors:
            names = np.mean(parts.name_vectors, axis=0)
            vector = (1 - parts.name_share) * vector + parts.name_share * names
        return unit(vector)

    def _parse(self, text: str) -> _QueryParts:
        head = self._thesaurus.head(text, self._fitted.keys())
        if head is None:
            return _QueryParts([phrasings([text])], [], 0.0)
        names, share = self._nearest_names(head.lemma)
        if names and not head.alone:
            share = PART_SHARE
        groups: list[Sequence[str]] = []
        if share < 1:
            groups.append(phrasings([text]))
            entry = self._thesaurus.meaning(head.lemma)
            if entry is not None and head.lemma not in self._fitted:
                groups.append(ClassName(entry.synonyms[:MOST_SYNONYMS], entry.kinds).phrasings())
        return _QueryParts(groups, names, share)

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
