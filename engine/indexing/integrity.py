"""Checks a library's database, vector index and thumbnails, and repairs derived data."""

from __future__ import annotations

from collections.abc import Callable

from engine.decode.thumbnails import Thumbnails
from engine.index.vector_index import VectorIndex
from engine.jobs import JobContext, Progress
from engine.records import CheckReport, Photo, PhotoId
from engine.store.store import Store


def check_library(
    store: Store,
    index: VectorIndex,
    thumbnails: Thumbnails,
    make_thumbnail: Callable[[Photo], bytes | None],
    context: JobContext,
) -> CheckReport:
    """Check and repair a library. Call it in the index lane, so that nothing is written meanwhile.

    Args:
        make_thumbnail: makes a lost thumbnail from the photo's file; None if it cannot be read.

    Raises:
        Cancelled: between two steps.
    """
    repaired: list[str] = []
    context.report(Progress("Checking the database", 0, 3))
    faults = list(store.faults())
    if not store.read_only:
        dropped = store.regions.drop_damaged()
        if dropped:
            repaired.append(f"database: {dropped} photos were damaged and are looked at again")
        repaired += [f"database: {name} were counted anew" for name in store.counts.repair()]
    context.cancel.raise_if_set()
    context.report(Progress("Checking the search index", 1, 3))
    report = index.check(context.cancel)
    context.report(Progress("Checking the thumbnails", 2, 3))
    photos = store.photos.all_ids()
    if not store.read_only:
        stray = thumbnails.ids() - photos
        thumbnails.remove(stray)
        if stray:
            repaired.append(f"thumbnails: {len(stray)} belonged to no photo")
        recreated, missing = _recreate_thumbnails(
            store, thumbnails, photos, make_thumbnail, context
        )
        if recreated:
            repaired.append(f"thumbnails: {recreated} were lost and made anew")
        if missing:
            faults.append(f"thumbnails: {missing} are lost, and their files cannot be read now")
    return CheckReport(
        photos=len(photos),
        regions=store.counts.totals(index.profile_id).things,
        vectors=report.vectors,
        repaired=(*repaired, *report.repaired),
        faults=(*faults, *report.faults),
    )


def _recreate_thumbnails(
    store: Store,
    thumbnails: Thumbnails,
    photos: set[PhotoId],
    make_thumbnail: Callable[[Photo], bytes | None],
    context: JobContext,
) -> tuple[int, int]:
    """Recreate lost thumbnails; returns how many were, and how many could not be read."""
    lost = store.photos.visible(sorted(photos - thumbnails.ids()))
    recreated = 0
    for done, photo in enumerate(lost.values()):
        context.cancel.raise_if_set()
        name = photo.path.name
        context.report(Progress("Making lost thumbnails", done, len(lost), current=name))
        jpeg = make_thumbnail(photo)
        if jpeg is not None:
            thumbnails.put(photo.id, jpeg)
            recreated += 1
    return recreated, len(lost) - recreated
