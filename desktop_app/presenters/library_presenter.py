"""Shows the library: folders, status, changes, retried files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop_app.bridge.session import Session
from desktop_app.controllers.browsing import BrowseController
from desktop_app.controllers.folders import FolderController
from desktop_app.controllers.problems import ProblemController
from desktop_app.controllers.searching import SearchController
from desktop_app.item_models.model_cards import is_model
from desktop_app.presenters.photo_presenter import PhotoPresenter
from desktop_app.presenters.search_presenter import SearchPresenter
from desktop_app.text import formatting, library_text
from desktop_app.views.main_window import MainWindow
from engine.errors import EngineError
from engine.paths import resources_dir
from engine.records import Folder, LibraryChanges, LibraryStatus


class LibraryPresenter(QObject):
    """Connects the library's events and folders with the window.

    Signals:
        status_shown(): the window shows a new status of the library.
        model_files_dropped(list[Path]): files of a model were dropped on the window.
        profile_changed(): another profile answers.
    """

    status_shown = Signal()
    model_files_dropped = Signal(object)
    profile_changed = Signal()

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        browsing: BrowseController,
        searching: SearchController,
        folders: FolderController,
        problems: ProblemController,
        photo: PhotoPresenter,
        search: SearchPresenter,
    ) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._browsing, self._searching = browsing, searching
        self._folders, self._problems = folders, problems
        self._photo, self._search = photo, search
        self._connect()

    def _connect(self) -> None:
        window, folders = self._window, self._folders
        window.folders_dropped.connect(self._add_folders)
        window.files_dropped.connect(self._files_dropped)
        window.first_run.add_folder.connect(self._choose_folder)
        window.first_run.try_samples.connect(self._add_samples)
        window.status_line.pause_toggled.connect(folders.toggle_pause)
        window.sidebar.add_folder.connect(self._choose_folder)
        window.commands["add_folder"].triggered.connect(self._choose_folder)
        window.sidebar.remove_folder.connect(self._remove_folder)
        window.sidebar.show_folder.connect(self._show_folder)
        window.sidebar.rescan.connect(folders.rescan)
        window.sidebar.gone.connect(folders.believe)
        window.lacking_bar.gone.connect(folders.believe)
        window.commands["pause"].triggered.connect(folders.toggle_pause)
        window.commands["rescan"].triggered.connect(folders.rescan)
        self._session.events.status_changed.connect(self._status_changed)
        self._session.events.changed.connect(self._library_changed)
        folders.added.connect(self._folder_added)
        folders.removed.connect(self._folder_removed)
        folders.believed.connect(self._believed)
        folders.rescanning.connect(self._rescanning)
        folders.failed.connect(self._show_problem)
        self._problems.retried.connect(self._retried)

    def start(self) -> None:
        """Show the library's photos and begin to follow its changes."""
        session = self._session
        session.events.start()
        self._browsing.show()
        self._problems.refresh()
        failed = self._background_start_failed
        session.reads.call(session.library.search.warm_up, None, failed)  # watching takes longer
        session.reads.call(session.library.folders.start_watching, None, failed)

    def _background_start_failed(self, error: BaseException) -> None:
        """Searching works without watching folders and without loaded models."""
        if not isinstance(error, EngineError):
            raise error
        self._window.toast.show_message(error.message)

    # -- events ----------------------------------------------------------------------------

    def _status_changed(self, status: LibraryStatus) -> None:
        self._window.sidebar.show_status(status)
        self._window.lacking_bar.show_folders(status.folders)
        self._window.status_line.show_status(status)
        self.status_shown.emit()

    def _library_changed(self, changes: LibraryChanges) -> None:
        if changes.photos:
            self._session.thumbnails.remove(changes.photos)
            self._browsing.photos_changed(changes.photos)
            self._photo.photos_changed(changes.photos)
            self._search.photos_changed(changes.photos)
        elif changes.folders and self._browsing.active:
            self._browsing.show()
        if changes.profile:
            self._search.profile_changed()
            self.profile_changed.emit()
        if changes.problems:
            self._problems.refresh()

    # -- folders ---------------------------------------------------------------------------

    def _choose_folder(self) -> None:
        folder = self._window.dialogs.choose_folder()
        if folder is not None:
            self._folders.add(folder)

    def _add_folders(self, folders: Sequence[Path]) -> None:
        for folder in folders:
            self._folders.add(folder)

    def _add_samples(self) -> None:
        self._folders.add_samples(resources_dir() / "samples")

    def _files_dropped(self, paths: Sequence[Path]) -> None:
        if is_model(paths):
            self.model_files_dropped.emit(paths)
            return
        self._window.toast.show_message(library_text.DROP_NOT_FOLDER)

    def _remove_folder(self, folder: Folder) -> None:
        if self._window.dialogs.confirm_remove(folder):
            self._folders.remove(folder)

    def _show_folder(self, folder: Folder) -> None:
        self._window.shell.open_file(folder.path)

    def _folder_added(self, folder: Folder) -> None:
        self._window.toast.show_message(
            library_text.FOLDER_ADDED.format(name=formatting.file_name(folder.path))
        )

    def _folder_removed(self, folder: Folder) -> None:
        self._window.toast.show_message(
            library_text.FOLDER_REMOVED.format(name=formatting.file_name(folder.path))
        )
        if self._browsing.active:
            self._browsing.show()
        else:
            self._searching.repeat()

    def _believed(self) -> None:
        self._window.toast.show_message(library_text.BELIEVED)

    def _rescanning(self) -> None:
        self._window.toast.show_message(library_text.RESCANNING)

    def _retried(self, count: int) -> None:
        files = formatting.count(count, "file")
        self._window.toast.show_message(library_text.RETRIED.format(count=files))

    def _show_problem(self, error: EngineError) -> None:
        self._window.dialogs.show_problem(error)
