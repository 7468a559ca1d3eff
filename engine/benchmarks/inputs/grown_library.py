"""A library of any size for benchmarks: the photos it holds, over and over, with other vectors."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine import paths
from engine.evaluation.annotated_search import ProgressListener
from engine.jobs import Progress
from engine.library import Library
from engine.library.backend import Location, open_backend
from engine.profiles.profile import Profile
from engine.records import Photo, PhotoId, PhotoMetadata, Rle
from engine.store.rows import AnalysedPhoto, FileRow, FileVersion
from engine.store.store import Store

NOISE = 0.35
"""Standard deviation of the factors that numbers of a vector are multiplied with, about 1: a copy
has a cosine of about 0.94 to its original and of 0.89 to other copies. Zeros stay zero."""
_AT_ONCE = 1000


def make(
    root: Path,
    photos: int,
    profile: Profile | None,
    listener: ProgressListener,
    location: Location | None = None,
) -> None:
    """Index the sample photos into a new library, and copy them there until it holds ``photos``.

    Args:
        root: a folder, which gets the photos.
        location: of the library; None for ``root / "library"``.
    """
    location = location or root / "library"
    folder = root / "photos"
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((paths.resources_dir() / "samples").glob("*.jpg"))[:photos]:
        shutil.copy2(path, folder)
    with contextlib.closing(Library.open(location, profile=profile)) as library:
        library.folders.add(folder)
        listener.follow(library.indexing.start())
        active, status = library.models.active, library.status()
    if status.outlined >= photos:
        return
    backend = open_backend(location, read_only=False)
    with contextlib.closing(backend.store) as store:
        profile_id = store.profile_id(active.key, active.ndim, active.name)
        grow(store, profile_id, photos, listener)
        with contextlib.closing(backend.index(active, profile_id)) as index:
            listener.report(Progress("Building the index"))
            index.maintain()


@dataclass(frozen=True)
class _Original:
    """A photo of the library as it would be written; row 0 is the photo as a whole."""

    photo: Photo
    rles: tuple[Rle, ...]
    boxes_xyxy: np.ndarray
    mask_scores: np.ndarray
    area_fractions: np.ndarray
    vectors: np.ndarray

    @classmethod
    def read(cls, store: Store, profile_id: int, photo: Photo) -> _Original:
        rows = store.regions.rows([photo.id], profile_id)[photo.id]
        of_id = {region.id: region for region in store.regions.of_photo(photo.id, profile_id)}
        regions = [of_id[i] for i in rows.ids.tolist()]
        boxes = [(0.0, 0.0, *photo.size_wh), *(r.box_xyxy.as_tuple() for r in regions)]
        return cls(
            photo,
            tuple(region.rle for region in regions),
            np.array(boxes, np.float32),
            np.append(np.float32(1), rows.mask_scores),
            np.append(np.float32(1), rows.area_fractions),
            np.vstack([rows.whole[None], rows.vectors]),
        )

    def copy(self, file: FileRow, rng: np.random.Generator) -> AnalysedPhoto:
        factors = 1 + NOISE * rng.standard_normal(self.vectors.shape, dtype=np.float32)
        return AnalysedPhoto(
            version=FileVersion(rng.bytes(32), file.size_bytes, file.mtime_ns),
            size_wh=self.photo.size_wh,
            metadata=PhotoMetadata(camera=self.photo.camera),
            rles=self.rles,
            boxes_xyxy=self.boxes_xyxy,
            mask_scores=self.mask_scores,
            area_fractions=self.area_fractions,
            vectors=(self.vectors * np.maximum(factors, 0)).astype(np.float16),
            thumbnail_jpeg=b"",
        )


def grow(
    store: Store, profile_id: int, photos: int, listener: ProgressListener, seed: int = 0
) -> None:
    """Add copies of the photos of a store until it holds ``photos``, under names of no files.

    Args:
        photos: more than there are; at least one is indexed in full.
    """
    rng = np.random.default_rng(seed)
    known: list[PhotoId] = sorted(store.photos.all_ids())
    originals = [
        _Original.read(store, profile_id, photo) for photo in store.photos.visible(known).values()
    ]
    folder_id = store.folders.add(Path("/copies"))
    names = [f"{i // 1000:05d}/{i:07d}.jpg" for i in range(photos - len(known))]
    for first in range(0, len(names), _AT_ONCE):
        listener.report(Progress("Copying photos", first, len(names)))
        some = enumerate(names[first : first + _AT_ONCE], first)
        store.files.record_found(folder_id, [(name, 1_000_000 + i, i) for i, name in some])
        for i, file in enumerate(store.files.pending(_AT_ONCE), first):
            copy = originals[i % len(originals)].copy(file, rng)
            store.results.write(file, copy, profile_id, lambda *_: None)
