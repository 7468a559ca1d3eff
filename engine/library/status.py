"""The status that the status line and ``pickout-cli status`` show."""

from __future__ import annotations

from collections.abc import Mapping

from engine.indexing.indexer import photos_waiting
from engine.indexing.indexer_pool import IndexerPool
from engine.library.profile_change import ProfileChanges
from engine.records import IndexingState, LibraryStatus, PassStatus
from engine.search.active_profile import ActiveProfile
from engine.store.rows import IndexLevel, Waiting
from engine.store.store import Store


def snapshot(
    store: Store,
    active_profile: ActiveProfile,
    indexer_pool: IndexerPool,
    changes: ProfileChanges,
    note: str,
) -> LibraryStatus:
    """The library's status now.

    The counts belong to the active profile; the indexing state and rate belong to the requested
    profile while that one indexes.
    """
    active, change = active_profile.current, changes.progress()
    totals = store.counts.totals(active.profile_id)
    waiting = store.counts.waiting(active.profile_id)
    per_second: dict[IndexLevel, float | None] = {**store.counts.throughput(active.profile_id)}
    run = indexer_pool.snapshot(active.profile)
    current = PassStatus()
    if run.state is IndexingState.RUNNING:
        per_second[run.level] = run.per_second
        current = _pass_status(run.level, waiting, per_second)
    elif run.state is IndexingState.IDLE and change is not None:
        run = changes.snapshot()
        current = change.full if run.state is IndexingState.RUNNING else current
    return LibraryStatus(
        profile=active.profile.name,
        photos=totals.photos,
        searchable=totals.searchable,
        pending=totals.pending,
        problems=totals.problems,
        regions=totals.things,
        folders=store.folders.all(active.profile_id),
        indexing=run.state,
        photos_per_s=current.photos_per_s,
        seconds_left=current.seconds_left,
        current_path=run.current,
        note=" ".join(filter(None, (note, run.note))),
        outlined=totals.outlined,
        coarse=_pass_status(IndexLevel.COARSE, waiting, per_second),
        full=_pass_status(IndexLevel.FULL, waiting, per_second),
        change=change,
    )


def _pass_status(
    level: IndexLevel, waiting: Waiting, per_second: Mapping[IndexLevel, float | None]
) -> PassStatus:
    left, rate = photos_waiting(level, waiting), per_second.get(level)
    return PassStatus(left, rate, left / rate if rate else None)
