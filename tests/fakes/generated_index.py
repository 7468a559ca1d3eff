"""Photos of ten generated vectors each, their true neighbours, and their deletion."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.index.vector_index import VectorIndex
from engine.records import Rle
from engine.store.rows import AnalysedPhoto, FileVersion
from engine.store.store import Store

NDIM = 12
PROFILE_ID = 1


class Filler:
    """Adds photos of 10 vectors each to a store, always the same."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._folder_id = store.folders.add(Path("/photos"))
        self._rng = np.random.default_rng(3)
        self._added = 0

    def __call__(self, photos: int) -> None:
        first = self._added
        self._added += photos
        files = [(f"{i}.jpg", 10 + i, i) for i in range(first, self._added)]
        self._store.files.record_found(self._folder_id, files)
        for file in self._store.files.pending(photos):
            photo = AnalysedPhoto(
                version=FileVersion(file.path.name.encode(), file.size_bytes, file.mtime_ns),
                size_wh=(10, 10),
                rles=(Rle((2, 2), b"04"),) * 9,
                boxes_xyxy=np.zeros((10, 4), np.float32),
                mask_scores=np.ones(10, np.float32),
                area_fractions=np.ones(10, np.float32),
                vectors=self._rng.normal(size=(10, NDIM)).astype(np.float16),
                thumbnail_jpeg=b"",
            )
            self._store.results.write(file, photo, PROFILE_ID, lambda *_: None)


def exact(store: Store, query: np.ndarray, k: int, metric: str = "ip") -> list[int]:
    """The true neighbours, by brute force over the store."""
    parts = list(store.regions.vectors_after(1, 0))
    ids = np.concatenate([part[0] for part in parts])
    vectors = np.concatenate([part[1] for part in parts]).astype(np.float32)
    if metric == "cos":
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return ids[np.argsort(-(vectors @ query), kind="stable")[:k]].tolist()


def queries(count: int = 10) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(count, NDIM)).astype(np.float32)


def recall(index: VectorIndex, store: Store, metric: str = "ip") -> float:
    found = [
        len(set(index.search(q, 10).ids.tolist()) & set(exact(store, q, 10, metric))) / 10
        for q in queries()
    ]
    return float(np.mean(found))


def delete_photos(store: Store, count: int, *, newest: bool = False) -> None:
    """Record files as missing for so long that their photos are deleted."""
    folder_id = next(iter(store.folders.paths()))
    names = sorted(store.files.present(folder_id), key=lambda name: int(name.split(".")[0]))
    store.files.record_missing(folder_id, names[-count:] if newest else names[:count])
    assert len(store.files.delete_missing("2999")) == count
