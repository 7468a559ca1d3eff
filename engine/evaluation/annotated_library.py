"""A temporary library of exactly the photos that a COCO file lists."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import BadRequest
from engine.evaluation import coco_truth
from engine.evaluation.annotated_search import ProgressListener, truth_index
from engine.evaluation.coco_truth import CocoTruth
from engine.library import Library
from engine.library.backend import Location
from engine.postgres.address import ServerAddress
from engine.postgres.scratch_library import scratch_library
from engine.records import Photo
from engine.scoring.reranker import Reranker

_PAGE = 200


@dataclass(frozen=True)
class AnnotatedLibrary:
    """An indexed library of annotated photos.

    The file name of each photo begins with its index in ``CocoTruth.photos`` and a dash.

    Attributes:
        indexing_s: wall time of the indexing job, with loading the models.
    """

    library: Library
    indexing_s: float

    def photos(self) -> dict[int, Photo]:
        """All photos that could be indexed, by their index in ``CocoTruth.photos``."""
        found: dict[int, Photo] = {}
        before = None
        while page := self.library.photos.page(_PAGE, before):
            found |= {truth_index(photo): photo for photo in page}
            before = page[-1].id
        return found


def load_present(coco_path: Path, photos_dir: Path, first: int | None = None) -> CocoTruth:
    """Load a COCO file without the photos whose files do not exist.

    Args:
        first: keep only the first so many of the existing photos; None keeps all.

    Raises:
        BadRequest: the COCO file is bad, or none of its photos exists.
    """
    truth = coco_truth.load(coco_path)
    photos = tuple(p for p in truth.photos if (photos_dir / p.file_name).is_file())
    if not photos:
        raise BadRequest(
            "None of the photos of the COCO file is in this folder.",
            operation="evaluating",
            path=photos_dir,
            hint="Give the folder that its file names are relative to.",
        )
    return CocoTruth(photos[:first], truth.categories)


@contextlib.contextmanager
def temporary_location(server: ServerAddress | None) -> Iterator[tuple[Path, Location]]:
    """A temporary folder, and a library in it or, in a schema of its own, on a server.

    Raises:
        ServerProblem: the server cannot be used.
    """
    with tempfile.TemporaryDirectory(prefix="pickout-evaluate-") as temporary:
        folder = Path(temporary)
        if server is None:
            yield folder, folder / "library"
            return
        with scratch_library(server) as location:
            yield folder, location


@contextlib.contextmanager
def indexed(
    truth: CocoTruth,
    photos_dir: Path,
    listener: ProgressListener,
    *,
    profile: Any = None,
    reranker: Reranker | None = None,
    write_photos: Callable[[Path], None] | None = None,
    server: ServerAddress | None = None,
) -> Iterator[AnnotatedLibrary]:
    """A temporary library with the listed photos, indexed; removed when the context ends.

    Args:
        profile, reranker: as for ``Library.open``.
        write_photos: makes the given folder with a photo for each listed one, named as here, to be
            indexed instead.
        server: keeps the library meanwhile, in a schema of its own; None for a temporary folder.

    Raises:
        Exception: whatever the index job raised.
    """
    with temporary_location(server) as (folder, location):
        listed_dir = folder / "photos"
        if write_photos is None:
            _link_photos(truth, photos_dir, listed_dir)
        else:
            write_photos(listed_dir)
        library = Library.open(location, profile=profile, reranker=reranker)
        with contextlib.closing(library):
            library.folders.add(listed_dir)
            started_s = time.perf_counter()
            listener.follow(library.indexing.start())
            yield AnnotatedLibrary(library, time.perf_counter() - started_s)


def _link_photos(truth: CocoTruth, source: Path, target: Path) -> None:
    """Make a folder with exactly the listed photos, each file name led by the photo's index."""
    target.mkdir()
    for index, photo in enumerate(truth.photos):
        original = (source / photo.file_name).resolve()
        copy = target / f"{index:06d}-{original.name}"
        try:
            os.link(original, copy)
        except OSError:
            shutil.copy2(
                original, copy
            )  # with its old date: a new file may count as still being written
