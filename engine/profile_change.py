"""Which models answer in a library, and changing, pricing and forgetting them."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine import profiles
from engine.errors import BadRequest, ModelBroken, ModelMissing
from engine.indexing import profile_cost
from engine.indexing.indexer import IndexingSnapshot, waits_for
from engine.indexing.looking import Lookers
from engine.indexing.profile_wish import ProfileWish
from engine.indexing.rounds import IndexRounds
from engine.jobs import Job, JobContext, Progress
from engine.paths import LibraryPaths
from engine.profiles import Profile
from engine.records import KeptProfile, LibraryStatus, PassStatus, ProfileChange, ProfileCost
from engine.search.answering import AnswerDesk
from engine.store.profiles import ProfileRow
from engine.store.rows import IndexLevel
from engine.store.store import Store


class ProfileChanges:
    """The part of the facade that is about models. Thread-safe."""

    def __init__(
        self,
        paths: LibraryPaths,
        store: Store,
        desk: AnswerDesk,
        lookers: Lookers,
        wish: ProfileWish,
        rounds: IndexRounds,
    ) -> None:
        self._paths = paths
        self._store = store
        self._desk = desk
        self._lookers = lookers
        self._wish = wish
        self._rounds = rounds

    def change(self, wanted: Profile | str) -> Job[LibraryStatus]:
        """See ``Library.change_profile``."""
        profile = _profile(wanted)
        if profile.key == self._desk.current.profile.key:
            self._wish.drop(profile)
        else:
            self._wish.wish(profile)
        return self._rounds.start(scan=False)

    def cancel(self) -> None:
        """See ``Library.cancel_profile_change``."""
        self._wish.drop(self._desk.current.profile)
        self._rounds.go_on()

    def cost(self, wanted: Profile | str, context: JobContext) -> ProfileCost:
        """See ``Library.profile_change_cost``."""
        return profile_cost.estimate(
            self._store,
            self._paths.root,
            _profile(wanted),
            self._desk.current.profile_id,
            self._wish.settings,
            context,
        )

    def progress(self) -> ProfileChange | None:
        """How far the change is; reads a handful of rows."""
        target = self._wish.target
        if target is None:
            return None
        profile_id = self._store.profile_id(target.key, target.ndim, target.name)
        totals = self._store.counts.totals(profile_id)
        waiting = self._store.counts.waiting(profile_id)
        snapshot = self._lookers.snapshot(target)
        pace = snapshot.per_second if snapshot.level is IndexLevel.FULL else None
        pace = pace or self._store.counts.paces(profile_id).get(IndexLevel.FULL)
        left = waits_for(IndexLevel.FULL, waiting)
        photos = max(totals.photos - totals.problems, 0)
        return ProfileChange(
            profile=target.name,
            photos=photos,
            searchable=totals.searchable,
            outlined=totals.outlined,
            done=totals.outlined / photos if photos else 1.0,
            full=PassStatus(left, pace, left / pace if pace else None),
        )

    def snapshot(self) -> IndexingSnapshot:
        """What goes on with the models that are to answer."""
        target = self._wish.target
        return IndexingSnapshot() if target is None else self._lookers.snapshot(target)

    def kept(self) -> tuple[KeptProfile, ...]:
        """See ``Library.kept_profiles``."""
        answering, target = self._desk.current.profile, self._wish.target
        found = []
        for row in self._store.profiles.all():
            is_next = target is not None and row.key == target.key
            if row.key == answering.key or is_next or row.photos:
                waiting = self._store.counts.waiting(row.id)
                found.append(
                    KeptProfile(
                        name=row.name,
                        key=row.key,
                        photos=row.photos,
                        disk_bytes=self._disk_bytes(row),
                        answering=row.key == answering.key,
                        next=is_next,
                        complete=not any(waiting),
                    )
                )
        return tuple(found)

    def forget(self, name: str, context: JobContext) -> int:
        """See ``Library.forget_profile``. Index lane only, so that nobody adds to it."""
        rows = self._forgettable(name)
        in_use = {self._desk.current.profile.key}
        if self._wish.target is not None:
            in_use.add(self._wish.target.key)
        self._lookers.keep(in_use)
        free_before = self._store.profiles.free_bytes()
        freed = done = 0
        total = sum(row.photos for row in rows)
        for row in rows:
            folder = self._paths.index(row.key)
            freed += _folder_bytes(folder)
            shutil.rmtree(folder, ignore_errors=True)
            while count := self._store.profiles.forget_some(row.id):
                done += count
                context.report(Progress("Forgetting what the models made", done, total))
                context.cancel.raise_if_set()
        return freed + max(0, self._store.profiles.free_bytes() - free_before)

    def _forgettable(self, name: str) -> list[ProfileRow]:
        answering, target = self._desk.current.profile, self._wish.target
        named = [row for row in self._store.profiles.all() if row.name == name]
        spare = [
            row
            for row in named
            if row.key != answering.key and (target is None or row.key != target.key)
        ]
        if spare:
            return spare
        operation = "forgetting what models made"
        if not named:
            raise BadRequest(f"No models called {name} were used here.", operation=operation)
        answers = any(row.key == answering.key for row in named)
        raise BadRequest(
            f"The models {name} are in use.",
            operation=operation,
            hint="Change to other models first." if answers else "Cancel the change to them first.",
        )

    def _disk_bytes(self, row: ProfileRow) -> int:
        one = self._store.profiles.photo_bytes(row.id)
        return round(one[0] * row.photos if one else 0) + _folder_bytes(self._paths.index(row.key))


def answering(name: str) -> tuple[Profile, str]:
    """The models of the settings; the built-in ones, and a note about it, while those are gone.
    Else whoever has removed a model could not open the library to choose another.

    Raises:
        BadRequest: there are no models of this name.
    """
    try:
        return profiles.by_name(name), ""
    except (ModelMissing, ModelBroken) as error:
        if name == profiles.BUILT_IN:
            raise
        built_in = profiles.by_name(profiles.BUILT_IN)
        return built_in, f"The models {name} cannot answer, {built_in.name} does: {error.message}"


def _profile(wanted: Profile | str) -> Profile:
    return profiles.by_name(wanted) if isinstance(wanted, str) else wanted


def _folder_bytes(folder: Path) -> int:
    try:
        return sum(path.stat().st_size for path in folder.iterdir())
    except OSError:
        return 0
