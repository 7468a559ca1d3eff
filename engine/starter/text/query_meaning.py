"""What a query means as a vector: its own words, its dictionary entry, and the nearest known thing.

The sentence model knows sentences, not things: it puts "telly" and "kid" far from "tv" and
"person", which the region map was fitted to. So a query is drawn towards the nearest thing that the
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
from engine.starter.text.text_encoder import NDIM, SentenceEncoder
from engine.starter.text.text_map import TextMap, phrasings, unit
from engine.starter.text.thesaurus import Thesaurus

FITTED_NAMES = "fitted_names.txt"
ENTRY_SHARE = 0.5
"""Of the dictionary entry in a query's own vector, the rest is of its words."""
MOST_SYNONYMS = 4
"""Rare ones add more to the time of a search than to its meaning."""
SAME_SHARE = 1.0
"""Of the known thing, if the query is another name of it and says nothing else."""
KIND_SHARE = 0.9
"""Of the known thing that the query is a kind of: most of it, and still puppies before dogs."""
PART_SHARE = 0.5
"""Of the known thing, if the query says more than a name."""


class _Reading(NamedTuple):
    """A query taken apart.

    Attributes:
        own: groups of sentences, of its words and of its dictionary entry; empty if the known
            things say it all.
        things: unit vectors of the nearest known things.
        share: of the known things in the vector.
    """

    own: list[Sequence[str]]
    things: list[np.ndarray]
    share: float


class QueryMeaning:
    """Queries in the sentence space. Used by one thread at a time.

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

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32 (N, 384), centred as the regions are.

        Raises:
            ModelMissing, ModelBroken: at the first query, if the nouns cannot be read.
        """
        if not texts:
            return np.zeros((0, NDIM), np.float32)
        readings = [self._reading(text) for text in texts]
        sentences = [one for reading in readings for group in reading.own for one in group]
        encoded = iter(self._encoder.encode(sentences))
        rows = []
        for reading in readings:
            own = [[next(encoded) for _ in group] for group in reading.own]
            rows.append(self._vector(reading, [unit(np.mean(part, axis=0)) for part in own]))
        return np.array(rows, np.float32)

    def _vector(self, reading: _Reading, own: list[np.ndarray]) -> np.ndarray:
        """Of the mean sentence vector of every group of its own."""
        vector = np.zeros(NDIM)
        if own:
            words, entry = own[0], own[-1]
            mixed = (1 - ENTRY_SHARE) * words + ENTRY_SHARE * entry
            vector = self._map.query_vectors(mixed[None, None])[0]
        if reading.things:
            things = np.mean(reading.things, axis=0)
            vector = (1 - reading.share) * vector + reading.share * things
        return unit(vector)

    def _reading(self, text: str) -> _Reading:
        head = self._thesaurus.head(text, self._fitted.keys())
        if head is None:
            return _Reading([phrasings([text])], [], 0.0)
        things, steps = self._nearest(head.lemma)
        share = 0.0
        if things:
            share = (SAME_SHARE if steps == 0 else KIND_SHARE) if head.alone else PART_SHARE
        own: list[Sequence[str]] = []
        if share < 1:
            own.append(phrasings([text]))
            entry = self._thesaurus.meaning(head.lemma)
            if entry is not None and head.lemma not in self._fitted:
                own.append(ClassName(entry.synonyms[:MOST_SYNONYMS], entry.kinds).phrasings())
        return _Reading(own, things, share)

    def _nearest(self, lemma: str) -> tuple[list[np.ndarray], int]:
        """Known things on the first level upwards that has any, and how many levels up."""
        if lemma in self._fitted:
            return [self._fitted[lemma]], 0
        for steps, level in enumerate(self._thesaurus.meanings_above(lemma)):
            found = [self._known[meaning] for meaning in sorted(level) if meaning in self._known]
            if found:
                return found, steps
        return [], 0

    @cached_property
    def _known(self) -> dict[int, np.ndarray]:
        """By meaning. What was fitted on photos of it counts before a class of that meaning."""
        known: dict[int, np.ndarray] = {}
        for name, vector in zip(self._classes, unit(self._map.class_vectors), strict=True):
            for synonym in name.synonyms:
                meaning = self._thesaurus.meaning_id(synonym.lower())
                if meaning is not None and self._thesaurus.words(meaning) == name.synonyms:
                    known.setdefault(meaning, vector)
        for fitted, vector in self._fitted.items():
            meaning = self._thesaurus.meaning_id(fitted)
            if meaning is not None:
                known[meaning] = vector
        return known


def read_fitted_names(path: Path, count: int) -> list[str]:
    """One a line, in the order of the text map's ``name_vectors``, of which there are ``count``.

    Raises:
        ModelMissing: if there is no such file.
        ModelBroken: if it is not so many lines of text.
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
