"""Which models answer in a library, and changing, pricing and forgetting them."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.errors import BadRequest, ModelBroken, ModelMissing
from engine.indexing import profile_cost
from engine.indexing.index_scheduler import IndexScheduler
from engine.indexing.indexer import IndexingSnapshot, waits_for
from engine.indexing.indexer_pool import IndexerPool
from engine.indexing.profile_setting import ProfileSetting
from engine.jobs import Job, JobContext, Progress
from engine.paths import LibraryPaths
from engine.profiles import registry
from engine.profiles.profile import Profile
from engine.records import KeptProfile, LibraryStatus, PassStatus, ProfileChange, ProfileCost
from engine.search.active_profile import ActiveProfile
from engine.store.rows import IndexLevel, ProfileRow
from engine.store.store import Store


class ProfileChanges:
    """The part of the facade that is about models. Thread-safe."""

    def __init__(
        self,
        paths: LibraryPaths,
        store: Store,
        active_profile: ActiveProfile,
        indexer_pool: IndexerPool,
        profile_setting: ProfileSetting,
        scheduler: IndexScheduler,
    ) -> None:
        self._paths = paths
        self._store = store
        self._active_profile = active_profile
        self._indexer_pool = indexer_pool
        self._profile_setting = profile_setting
        self._scheduler = scheduler

    def change(self, wanted: Profile | str) -> Job[LibraryStatus]:
        """See ``Library.change_profile``."""
        profile = _profile(wanted)
        if profile.key == self._active_profile.current.profile.key:
            self._profile_setting.withdraw(profile)
        else:
            self._profile_setting.request(profile)
        return self._scheduler.start(scan=False)

    def cancel(self) -> None:
        """See ``Library.cancel_profile_change``."""
        self._profile_setting.withdraw(self._active_profile.current.profile)
        self._scheduler.request_run()

    def cost(self, wanted: Profile | str, context: JobContext) -> ProfileCost:
        """See ``Library.profile_change_cost``."""
        return profile_cost.estimate(
            self._store,
            self._paths.root,
            _profile(wanted),
            self._active_profile.current.profile_id,
            self._profile_setting.settings,
            context,
        )

    def progress(self) -> ProfileChange | None:
        """How far the change is; reads a handful of rows."""
        target = self._profile_setting.target
        if target is None:
            return None
        profile_id = self._store.profile_id(target.key, target.ndim, target.name)
        totals = self._store.counts.totals(profile_id)
        waiting = self._store.counts.waiting(profile_id)
        snapshot = self._indexer_pool.snapshot(target)
        pace = snapshot.per_second if snapshot.level is IndexLevel.FULL else None
        pace = pace or self._store.counts.throughput(profile_id).get(IndexLevel.FULL)
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
        target = self._profile_setting.target
        return IndexingSnapshot() if target is None else self._indexer_pool.snapshot(target)

    def kept(self) -> tuple[KeptProfile, ...]:
        """See ``Library.kept_profiles``."""
        answering, target = self._active_profile.current.profile, self._profile_setting.target
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
        in_use = {self._active_profile.current.profile.key}
        if self._profile_setting.target is not None:
            in_use.add(self._profile_setting.target.key)
        self._indexer_pool.retain(in_use)
        free_before = self._store.profiles.free_bytes()
        freed = done = 0
        total = sum(row.photos for row in rows)
        for row in rows:
            folder = self._paths.index(row.key)
            freed += _folder_bytes(folder)
            shutil.rmtree(folder, ignore_errors=True)
            while count := self._store.profiles.delete_step(row.id):
                done += count
                context.report(Progress("Forgetting what the models made", done, total))
                context.cancel.raise_if_set()
        return freed + max(0, self._store.profiles.free_bytes() - free_before)

    def _forgettable(self, name: str) -> list[ProfileRow]:
        answering, target = self._active_profile.current.profile, self._profile_setting.target
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


def configured_profile(name: str) -> tuple[Profile, str]:
    """The models of the settings; the built-in ones, and a note about it, while those are gone.
    Else whoever has removed a model could not open the library to choose another.

    Raises:
        BadRequest: there are no models of this name.
    """
    try:
        return registry.by_name(name), ""
    except (ModelMissing, ModelBroken) as error:
        if name == registry.BUILT_IN:
            raise
        built_in = registry.by_name(registry.BUILT_IN)
        return built_in, f"The models {name} cannot answer, {built_in.name} does: {error.message}"


def _profile(wanted: Profile | str) -> Profile:
    return registry.by_name(wanted) if isinstance(wanted, str) else wanted


def _folder_bytes(folder: Path) -> int:
    try:
        return sum(path.stat().st_size for path in folder.iterdir())
    except OSError:
        return 0
