"""Similarities of regions to every name that the models know, kept from one query to the next."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from engine.scoring.term_scorer import PhotoArrays

KEPT_BYTES = 48 * 1024 * 1024


class NameSimilarities:
    """Dot products of a photo's regions and of the photo as a whole with V known names.

    They do not depend on the query, so those of the photos used last are kept. Search lane only.

    Args:
        names: float32 (V, D), unit vectors.
    """

    def __init__(self, names: np.ndarray, kept_bytes: int = KEPT_BYTES) -> None:
        self._names = names
        self._kept_bytes = kept_bytes
        self._bytes = 0
        self._by_photo: OrderedDict[int, tuple[weakref.ref[PhotoArrays], np.ndarray]] = (
            OrderedDict()
        )

    def of(self, photos: Sequence[PhotoArrays]) -> list[np.ndarray]:
        """For each photo float16 (N + 1, V); the last row is the photo as a whole."""
        missing = [photo for photo in photos if self._kept(photo) is None]
        if missing:
            rows = np.concatenate([np.vstack([p.vectors, p.whole[None]]) for p in missing])
            products = (rows @ self._names.T).astype(np.float16)
            ends = np.cumsum([len(photo.ids) + 1 for photo in missing])
            for photo, of_photo in zip(missing, np.split(products, ends[:-1]), strict=True):
                self._keep(photo, of_photo.copy())
        found = [self._kept(photo) for photo in photos]
        self._drop_oldest()
        return [each for each in found if each is not None]

    def _kept(self, photo: PhotoArrays) -> np.ndarray | None:
        entry = self._by_photo.get(id(photo))
        if entry is None or entry[0]() is not photo:
            return None
        self._by_photo.move_to_end(id(photo))
        return entry[1]

    def _keep(self, photo: PhotoArrays, products: np.ndarray) -> None:
        replaced = self._by_photo.pop(id(photo), None)
        if replaced is not None:
            self._bytes -= replaced[1].nbytes
        self._by_photo[id(photo)] = (weakref.ref(photo), products)
        self._bytes += products.nbytes

    def _drop_oldest(self) -> None:
        while self._bytes > self._kept_bytes and self._by_photo:
            _, (_, products) = self._by_photo.popitem(last=False)
            self._bytes -= products.nbytes
