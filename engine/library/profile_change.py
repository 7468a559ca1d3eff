"""Changes the profile of a library, estimates the cost, and deletes data of unused profiles."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.errors import BadRequest, EngineError, ModelBroken, ModelMissing
from engine.indexing import profile_cost
from engine.indexing.index_scheduler import IndexScheduler
from engine.indexing.indexer import IndexingSnapshot, photos_waiting
from engine.indexing.indexer_pool import IndexerPool
from engine.indexing.profile_setting import ProfileSetting
from engine.jobs import Job, JobContext, Progress
from engine.paths import LibraryPaths
from engine.profiles import registry
from engine.profiles.profile import Profile
from engine.records import (
    KeptProfile,
    LibraryStatus,
    PassStatus,
    ProfileChange,
    ProfileCost,
    ProfileInfo,
)
from engine.search.active_profile import ActiveProfile
from engine.store.rows import IndexLevel, ProfileRow
from engine.store.store import Store


class ProfileChanges:
    """Implements ``LibraryModels``; profiles are given by name or as a ``Profile``. Thread-safe."""

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
        """See ``LibraryModels.change``."""
        profile = _profile(wanted)
        if profile.key == self._active_profile.current.profile.key:
            self._profile_setting.withdraw(profile)
        else:
            self._profile_setting.request(profile)
        return self._scheduler.start(scan=False)

    def cancel(self) -> None:
        """See ``LibraryModels.cancel_change``."""
        self._profile_setting.withdraw(self._active_profile.current.profile)
        self._scheduler.request_run()

    def cost(self, wanted: Profile | str, context: JobContext) -> ProfileCost:
        """Estimate the cost of a change; see ``LibraryModels.change_cost``."""
        return profile_cost.estimate(
            self._store,
            self._paths.root,
            _profile(wanted),
            self._active_profile.current.profile_id,
            self._profile_setting.settings,
            context,
        )

    def progress(self) -> ProfileChange | None:
        """Progress of the change; None if none is requested. Reads a few rows only."""
        target = self._profile_setting.target
        if target is None:
            return None
        profile_id = self._store.profile_id(target.key, target.ndim, target.name)
        totals = self._store.counts.totals(profile_id)
        waiting = self._store.counts.waiting(profile_id)
        snapshot = self._indexer_pool.snapshot(target)
        per_second = snapshot.per_second if snapshot.level is IndexLevel.FULL else None
        per_second = per_second or self._store.counts.throughput(profile_id).get(IndexLevel.FULL)
        left = photos_waiting(IndexLevel.FULL, waiting)
        photos = max(totals.photos - totals.problems, 0)
        return ProfileChange(
            profile=target.name,
            photos=photos,
            searchable=totals.searchable,
            outlined=totals.outlined,
            done=totals.outlined / photos if photos else 1.0,
            full=PassStatus(left, per_second, left / per_second if per_second else None),
        )

    def snapshot(self) -> IndexingSnapshot:
        """State of indexing with the requested profile."""
        target = self._profile_setting.target
        return IndexingSnapshot() if target is None else self._indexer_pool.snapshot(target)

    def available(self) -> tuple[ProfileInfo, ...]:
        """See ``LibraryModels.available``."""
        active, target = self._active_profile.current.profile, self._profile_setting.target
        found = []
        for name in registry.PROFILES:
            answering = name == active.name
            is_next = target is not None and target.name == name
            try:
                profile = registry.by_name(name)
            except EngineError as error:
                problem, hint = error.message, error.hint or ""
                info = ProfileInfo(name, answering, is_next, problem=problem, hint=hint)
            else:
                outdated = answering and not is_next and profile.key != active.key
                info = ProfileInfo(name, answering, is_next, outdated)
            found.append(info)
        return tuple(found)

    def kept(self) -> tuple[KeptProfile, ...]:
        """See ``LibraryModels.kept``."""
        active, target = self._active_profile.current.profile, self._profile_setting.target
        kept = []
        for row in self._store.profiles.all():
            is_next = target is not None and row.key == target.key
            if row.key == active.key or is_next or row.photos:
                waiting = self._store.counts.waiting(row.id)
                kept.append(
                    KeptProfile(
                        name=row.name,
                        key=row.key,
                        photos=row.photos,
                        disk_bytes=self._disk_bytes(row),
                        answering=row.key == active.key,
                        next=is_next,
                        complete=not any(waiting),
                    )
                )
        return tuple(kept)

    def delete(self, name: str, context: JobContext) -> int:
        """See ``LibraryModels.delete``. Call it in the index lane, the only writer of the data."""
        rows = self._deletable(name)
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

    def _deletable(self, name: str) -> list[ProfileRow]:
        """Profiles of this name that are neither active nor requested.

        Raises:
            BadRequest: there is none.
        """
        active, target = self._active_profile.current.profile, self._profile_setting.target
        named = [row for row in self._store.profiles.all() if row.name == name]
        unused = [
            row
            for row in named
            if row.key != active.key and (target is None or row.key != target.key)
        ]
        if unused:
            return unused
        operation = "forgetting what models made"
        if not named:
            raise BadRequest(f"No models called {name} were used here.", operation=operation)
        is_active = any(row.key == active.key for row in named)
        raise BadRequest(
            f"The models {name} are in use.",
            operation=operation,
            hint="Change to other models first."
            if is_active
            else "Cancel the change to them first.",
        )

    def _disk_bytes(self, row: ProfileRow) -> int:
        """Estimated size of a profile's data in database and index."""
        sample = self._store.profiles.photo_bytes(row.id)
        in_database = round(sample[0] * row.photos) if sample else 0
        return in_database + _folder_bytes(self._paths.index(row.key))


def configured_profile(name: str) -> tuple[Profile, str]:
    """The profile that the settings name, and a note for people.

    If its models are missing or broken, the built-in profile is returned instead, and the note says
    so; otherwise the library could not be opened to choose another one.

    Raises:
        BadRequest: there is no profile of this name.
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
