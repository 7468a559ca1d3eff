"""Compares everything a library keeps, repairs what is derived, reports the rest."""

from __future__ import annotations

from engine.decode.thumbnails import ThumbnailCache
from engine.index import consistency
from engine.index.vector_index import VectorIndex
from engine.jobs import JobContext, Progress
from engine.records import CheckReport
from engine.store.store import Store


def check_library(
    store: Store, index: VectorIndex, thumbnails: ThumbnailCache, context: JobContext
) -> CheckReport:
    """Index lane only, so that nothing is written meanwhile.

    Raises:
        Cancelled: between two steps.
    """
    repaired: list[str] = []
    context.report(Progress("Checking the database", 0, 3))
    faults = list(store.faults())
    if not store.read_only:
        repaired += [f"database: {name} were counted anew" for name in store.counts.repair()]
    context.cancel.raise_if_set()
    context.report(Progress("Checking the search index", 1, 3))
    report = consistency.check(index, context.cancel)
    context.report(Progress("Checking the thumbnails", 2, 3))
    photos = store.photos.all_ids()
    if not store.read_only:
        stray = thumbnails.ids() - photos
        thumbnails.remove(stray)
        if stray:
            repaired.append(f"thumbnails: {len(stray)} belonged to no photo")
    return CheckReport(
        photos=len(photos),
        regions=store.counts.totals(index.profile_id).things,
        vectors=report.vectors,
        repaired=(*repaired, *report.repaired),
        faults=(*faults, *report.faults),
    )
