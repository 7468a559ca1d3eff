"""Dialogs about one watched folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QMenu

from desktop_app.bridge.session import Session
from desktop_app.controllers.browsing import BrowseController
from desktop_app.controllers.folder_rules import FolderRulesController
from desktop_app.controllers.relocation import RelocationController
from desktop_app.controllers.searching import SearchController
from desktop_app.text import folder_text, formatting
from desktop_app.views.main_window import MainWindow
from desktop_app.views.relocate_dialog import RelocateDialog
from desktop_app.views.rules_dialog import RulesDialog
from engine.errors import EngineError
from engine.jobs import Progress
from engine.records import Folder, FolderMove
from engine.watch.rules import default_rules


class FolderPresenter(QObject):
    """Opens them from the menu of a folder, or for one that is chosen in a menu of all folders.

    Attributes:
        rules_dialog, relocate_dialog: the open one; None if none is.
        menu: the last menu of all folders; None before one.
    """

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        browsing: BrowseController,
        searching: SearchController,
    ) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._browsing, self._searching = browsing, searching
        self.rules_dialog: RulesDialog | None = None
        self.relocate_dialog: RelocateDialog | None = None
        self.menu: QMenu | None = None
        self._rules = FolderRulesController(session.library, session.reads, session.labels, self)
        self._relocation = RelocationController(session.library, session.jobs, session.reads, self)
        self._connect()

    def _connect(self) -> None:
        window, relocation = self._window, self._relocation
        window.sidebar.relocate.connect(self.relocate)
        window.lacking_bar.relocate.connect(self.relocate)
        window.commands["relocate_folder"].triggered.connect(
            partial(self._with_folder, self.relocate)
        )
        window.sidebar.rules.connect(self.show_rules)
        window.commands["folder_rules"].triggered.connect(
            partial(self._with_folder, self.show_rules)
        )
        self._rules.read.connect(self._rules_read)
        self._rules.counted.connect(self._rules_counted)
        self._rules.refused.connect(self._rules_refused)
        self._rules.saved.connect(self._rules_saved)
        relocation.progressed.connect(self._comparing)
        relocation.moved.connect(self._moved)
        relocation.failed.connect(self._not_moved)
        relocation.stopped.connect(self._stopped)

    def _with_folder(self, call: Callable[[Folder], None], *_: object) -> None:
        """Call with the only folder, or with the one that is chosen; offline ones come first."""
        status = self._session.events.status
        folders = sorted(status.folders, key=lambda f: f.online) if status is not None else []
        if not folders:
            self._window.toast.show_message(folder_text.NO_FOLDER)
        elif len(folders) == 1:
            call(folders[0])
        else:
            if self.menu is not None:
                self.menu.deleteLater()
            self.menu = QMenu(self._window)
            for folder in folders:
                words = formatting.whole_path(folder.path).replace("&", "&&")
                self.menu.addAction(words, partial(call, folder))
            self.menu.popup(QCursor.pos())

    # -- what is left out ------------------------------------------------------------------

    def show_rules(self, folder: Folder) -> None:
        """Show the rules for what is left out of a folder."""
        dialog = self.rules_dialog = RulesDialog(folder, default_rules(), self._window)
        dialog.edited.connect(self._rules.check)
        dialog.save_requested.connect(self._rules.save)
        dialog.closed.connect(self._rules_closed)
        dialog.open()
        self._rules.start(folder.id)

    def _rules_read(self, rules: str) -> None:
        if self.rules_dialog is not None:
            self.rules_dialog.show_rules(rules)

    def _rules_counted(self, count: int, total: int) -> None:
        if self.rules_dialog is not None:
            self.rules_dialog.show_count(folder_text.left_out(count, total))

    def _rules_refused(self, error: EngineError) -> None:
        if self.rules_dialog is not None:
            self.rules_dialog.show_problem(folder_text.problem(error))

    def _rules_saved(self) -> None:
        if self.rules_dialog is not None:
            self.rules_dialog.close()
        self._window.toast.show_message(folder_text.RULES_SAVED)

    def _rules_closed(self) -> None:
        self._rules.stop()
        if self.rules_dialog is not None:
            self.rules_dialog.deleteLater()
            self.rules_dialog = None

    # -- another place ---------------------------------------------------------------------

    def relocate(self, folder: Folder) -> None:
        """Ask where a folder is now."""
        dialog = self.relocate_dialog = RelocateDialog(folder, self._window)
        dialog.folder_requested.connect(self._choose_place)
        dialog.started.connect(self._start)
        dialog.stopped.connect(self._relocation.stop)
        dialog.closed.connect(self._relocate_closed)
        dialog.open()

    def _choose_place(self) -> None:
        place = self._window.dialogs.choose_folder(folder_text.CHOOSE_TITLE)
        if place is not None and self.relocate_dialog is not None:
            self.relocate_dialog.set_place(place)

    def _start(self) -> None:
        dialog = self.relocate_dialog
        if dialog is not None and dialog.place is not None:
            dialog.show_running(folder_text.WAITING, None)
            self._relocation.start(dialog.folder, dialog.place)

    def _comparing(self, progress: Progress) -> None:
        if self.relocate_dialog is not None:
            share = progress.done / progress.total if progress.total else None
            self.relocate_dialog.show_running(folder_text.comparing(progress), share)

    def _moved(self, move: FolderMove) -> None:
        self._session.events.poll()
        if self.relocate_dialog is not None:
            words = folder_text.moved(self.relocate_dialog.folder, move)
            self.relocate_dialog.show_moved(words)
        if self._browsing.active:  # photos carry their old paths until then
            self._browsing.show()
        else:
            self._searching.repeat()

    def _not_moved(self, error: EngineError) -> None:
        if self.relocate_dialog is not None:
            self.relocate_dialog.show_unmoved("", folder_text.problem(error))

    def _stopped(self) -> None:
        if self.relocate_dialog is not None:
            self.relocate_dialog.show_unmoved(folder_text.STOPPED)

    def _relocate_closed(self) -> None:
        if self.relocate_dialog is not None:
            self.relocate_dialog.deleteLater()
            self.relocate_dialog = None
