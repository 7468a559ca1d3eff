"""The snapshot that the status line and ``pickout-cli status`` show."""

from __future__ import annotations

from collections.abc import Mapping

from engine.indexing.indexer import waits_for
from engine.indexing.looking import Lookers
from engine.profile_change import ProfileChanges
from engine.records import IndexingState, LibraryStatus, PassStatus
from engine.search.answering import AnswerDesk
from engine.store.counts import Waiting
from engine.store.rows import IndexLevel
from engine.store.store import Store


def take(
    store: Store, desk: AnswerDesk, lookers: Lookers, changes: ProfileChanges, note: str
) -> LibraryStatus:
    """Counts belong to the profile that answers; what goes on may be the work of another."""
    answering, change = desk.current, changes.progress()
    totals = store.counts.totals(answering.profile_id)
    waiting = store.counts.waiting(answering.profile_id)
    per_second: dict[IndexLevel, float | None] = {**store.counts.paces(answering.profile_id)}
    snapshot = lookers.snapshot(answering.profile)
    current = PassStatus()
    if snapshot.state is IndexingState.RUNNING:
        per_second[snapshot.level] = snapshot.per_second
        current = _pass_status(snapshot.level, waiting, per_second)
    elif snapshot.state is IndexingState.IDLE and change is not None:
        snapshot = changes.snapshot()
        current = change.full if snapshot.state is IndexingState.RUNNING else current
    return LibraryStatus(
        profile=answering.profile.name,
        photos=totals.photos,
        searchable=totals.searchable,
        pending=totals.pending,
        problems=totals.problems,
        regions=totals.things,
        folders=store.folders.all(answering.profile_id),
        indexing=snapshot.state,
        photos_per_s=current.photos_per_s,
        seconds_left=current.seconds_left,
        current_path=snapshot.current,
        note=note,
        outlined=totals.outlined,
        coarse=_pass_status(IndexLevel.COARSE, waiting, per_second),
        full=_pass_status(IndexLevel.FULL, waiting, per_second),
        change=change,
    )


def _pass_status(
    level: IndexLevel, waiting: Waiting, per_second: Mapping[IndexLevel, float | None]
) -> PassStatus:
    left, rate = waits_for(level, waiting), per_second.get(level)
    return PassStatus(left, rate, left / rate if rate else None)
