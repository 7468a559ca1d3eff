"""The facade: a library of photos on disk. The window and the command line hold nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import settings as settings_file
from engine.indexing.index_scheduler import IndexScheduler
from engine.indexing.profile_setting import ProfileSetting
from engine.jobs.ray_cluster import RayCluster
from engine.library import profile_change, setting_values, status
from engine.library.backend import Location, open_backend, paths_of
from engine.library.backups import LibraryBackups
from engine.library.components import LibraryComponents
from engine.library.edits import LibraryEdits
from engine.library.exports import LibraryExports
from engine.library.folders import LibraryFolders
from engine.library.indexing import LibraryIndexing
from engine.library.maintenance import LibraryMaintenance
from engine.library.model_files import LibraryModelFiles
from engine.library.models import LibraryModels
from engine.library.photos import LibraryPhotos
from engine.library.profile_change import ProfileChanges
from engine.library.search import LibrarySearch
from engine.profiles.profile import Profile
from engine.records import LibraryChanges, LibraryStatus
from engine.scoring.reranker import Reranker
from engine.settings import Settings


class Library:
    """One open library. Open it with ``Library.open``, close it once.

    What it offers is grouped. Methods that return a ``Job`` come back at once; all others but
    ``photos.read`` answer quickly. Thread-safe: any thread may call any method.

    Attributes:
        paths: where its files lie.
        read_only: it was opened for reading only; whatever writes raises BadRequest.
        folders: watched folders. indexing: the index job and files that failed.
        search: searches. photos: photos, regions, thumbnails, pixels.
        models: the active profile, and changing it. model_files: the models of this computer.
        exports: writing hits to files. edits: what people do to photos.
        maintenance: consistency. backups: copies of the database.
    """

    def __init__(self, components: LibraryComponents) -> None:
        self.paths = components.paths
        self.read_only = components.store.read_only
        self._components = components
        self.backups = LibraryBackups(components)
        self.folders = LibraryFolders(components, lambda: scheduler, self.backups.start_if_due)
        scheduler = IndexScheduler(
            components.lanes.index,
            components.store,
            components.active_profile,
            components.indexer_pool,
            components.profile_setting,
            scan=self.folders.scan_now,
            on_change=components.change_log.record,
            set_note=components.change_log.set_note,
            status=self.status,
        )
        self._profile_changes = ProfileChanges(
            components.paths,
            components.store,
            components.active_profile,
            components.indexer_pool,
            components.profile_setting,
            scheduler,
        )
        self.indexing = LibraryIndexing(components, scheduler)
        self.search = LibrarySearch(components)
        self.edits = LibraryEdits(components)
        self.photos = LibraryPhotos(components, self.edits)
        self.models = LibraryModels(components, self._profile_changes)
        self.model_files = LibraryModelFiles(components)
        self.exports = LibraryExports(components)
        self.maintenance = LibraryMaintenance(components)

    @classmethod
    def open(
        cls,
        root: Location,
        *,
        profile: Profile | None = None,
        read_only: bool = False,
        reranker: Reranker | None = None,
        ray: RayCluster | None = None,
    ) -> Library:
        """Open or create the library kept in the folder ``root``, or on a server.

        Args:
            profile: the active profile this time; None for the one in the settings, and to
                continue a change to another profile.
            read_only: do not take the writer's lock; only searching, reading and exporting work.
            reranker: None for the language model that the settings name.
            ray: analyses the photos, and stays open when the library is closed; None for child
                processes.

        Raises:
            LibraryInUse: another process writes to it (never with ``read_only``, or on a server).
            ServerProblem: the server cannot be used.
            StoreTooNew, StoreDamaged, DiskFull: see ``engine.errors``.
            FolderProblem: the folder cannot be used, or (``read_only``) holds no library.
            BadRequest: the settings name a profile that does not exist.
        """
        paths = paths_of(root)
        settings, notice = settings_file.load(paths.settings)
        setting = ProfileSetting(
            paths.settings, settings, resume_change=profile is None and not read_only
        )
        missing = ""
        if profile is None:
            profile, missing = profile_change.configured_profile(settings.profile)
        backend = open_backend(root, read_only=read_only)
        store = backend.store
        try:
            components = LibraryComponents(backend, profile, setting, reranker, ray)
            library = cls(components)
        except BaseException:
            store.close()
            raise
        notes = " ".join(filter(None, (missing, setting.note)))
        components.change_log.set_note("settings", notice)
        components.change_log.set_note("profile", notes)
        if not read_only and store.folders.has_removed():
            library.folders.delete_removed()
        return library

    def close(self, timeout_s: float = 5.0) -> None:
        """Stop watching, cancel all jobs, end child processes, checkpoint the store."""
        self._components.close(timeout_s, self.folders.stop_watching)

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def settings(self) -> Settings:
        """The content of the settings file, read again if it has changed."""
        return self._components.profile_setting.settings

    def change_settings(self, values: Mapping[str, Any]) -> Settings:
        """Store new values of settings; see ``engine.settings.takes_effect`` for when they count.

        Raises:
            BadRequest: a value is not valid, the profile is to be changed (see ``models``), or
                the library was opened for reading only.
            DiskFull: the settings cannot be written.
        """
        self._components.refuse_if_read_only(setting_values.OPERATION)
        return self._components.profile_setting.change(
            lambda settings: setting_values.changed(settings, values)
        )

    def status(self) -> LibraryStatus:
        """Counts and rate; cheap enough to poll twice a second."""
        components = self._components
        note = " ".join(filter(None, (components.change_log.note, self.folders.watcher_note)))
        return status.snapshot(
            components.store,
            components.active_profile,
            components.indexer_pool,
            self._profile_changes,
            note,
        )

    def take_changes(self) -> LibraryChanges:
        """All changes since the last call; the window polls it."""
        return self._components.change_log.drain()
