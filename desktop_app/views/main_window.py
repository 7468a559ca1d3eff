"""The main window: layout, keyboard commands, dropped folders, stored geometry."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeySequence,
    QResizeEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from desktop_app.bridge.system_shell import SystemShell
from desktop_app.item_models.model_cards import is_model
from desktop_app.text import models_text, window_text
from desktop_app.text.command_text import COMMANDS
from desktop_app.ui_state import UiState
from desktop_app.views.command_palette import CommandPalette
from desktop_app.views.dialogs import Dialogs
from desktop_app.views.pages.message_pages import FirstRunPage, MessagePage
from desktop_app.views.painting.theme import Theme
from desktop_app.views.side_panels.inspector import Inspector
from desktop_app.views.side_panels.sidebar import Sidebar
from desktop_app.views.widgets.drop_hint import DropHint
from desktop_app.views.widgets.lacking_bar import LackingBar
from desktop_app.views.widgets.search_bar import SearchBar
from desktop_app.views.widgets.status_line import StatusLine
from desktop_app.views.widgets.toast import Toast

WIDE_PX = 1080
"""From this width on both panels fit beside the photos."""


class MainWindow(QMainWindow):
    """Creates and lays out the parts of the window; presenters connect them to an open library.

    Attributes:
        stack: the pages in the middle; more are added by ``add_page``.
        dialogs: all modal dialogs.
        shell: opens files and folders outside of the window.
        commands: QAction by name, see ``COMMANDS``.

    Signals:
        folders_dropped(list[Path]): folders were dropped on the window.
        files_dropped(list[Path]): files were dropped, but no folder.
        closing(): the window has been hidden and closes; its state has been saved.
    """

    folders_dropped = Signal(object)
    files_dropped = Signal(object)
    closing = Signal()

    def __init__(self, theme: Theme, state: UiState) -> None:
        super().__init__()
        self.theme, self._state = theme, state
        self.setWindowTitle(window_text.APP_NAME)
        self.setWindowIcon(theme.icon("pickout"))
        self.setMinimumSize(900, 600)
        self.setAcceptDrops(True)
        self.dialogs = Dialogs(self)
        self.shell = SystemShell()
        self.sidebar = Sidebar(theme)
        self.search_bar = SearchBar(theme)
        self.lacking_bar = LackingBar()
        self.inspector = Inspector(theme)
        self.status_line = StatusLine(theme)
        self.stack = QStackedWidget()
        self.message_page = MessagePage(theme)
        self.first_run = FirstRunPage(theme)
        for page in (self.message_page, self.first_run):
            self.stack.addWidget(page)
        self._lay_out()
        self.toast = Toast(theme, self)
        self._drop_hint = DropHint(self)
        self._sidebar_wanted = self._inspector_wanted = True
        self._inspector_forced = self._first_run_shown = False
        self.commands = self._build_commands()
        self._restore()
        theme.changed.connect(self._repaint)

    def _lay_out(self) -> None:
        centre = QWidget()
        centre.setObjectName("centre")
        middle = QVBoxLayout(centre)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.search_bar)
        question = QHBoxLayout()
        question.setContentsMargins(16, 0, 16, 0)
        question.addWidget(self.lacking_bar)
        middle.addLayout(question)
        middle.addWidget(self.stack, 1)
        columns = QHBoxLayout()
        columns.setSpacing(0)
        columns.addWidget(self.sidebar)
        columns.addWidget(centre, 1)
        columns.addWidget(self.inspector)
        central = QWidget()
        rows = QVBoxLayout(central)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addLayout(columns, 1)
        rows.addWidget(self.status_line)
        self.setCentralWidget(central)

    def _build_commands(self) -> dict[str, QAction]:
        commands = {}
        for name, text in COMMANDS.items():
            action = QAction(text.title, self)
            action.setShortcuts([QKeySequence(key) for key in text.keys])
            action.setAutoRepeat(name.startswith("zoom"))
            self.addAction(action)
            commands[name] = action
        commands["search"].triggered.connect(self.search_bar.focus)
        commands["sidebar"].triggered.connect(self.toggle_sidebar)
        commands["inspector"].triggered.connect(self.toggle_inspector)
        commands["fullscreen"].triggered.connect(self.toggle_fullscreen)
        commands["palette"].triggered.connect(self.show_palette)
        commands["shortcuts"].triggered.connect(self.show_shortcuts)
        commands["quit"].triggered.connect(self.close)
        self.search_bar.toggle_sidebar.connect(self.toggle_sidebar)
        self.search_bar.toggle_inspector.connect(self.toggle_inspector)
        self.status_line.shortcuts_requested.connect(self.show_shortcuts)
        return commands

    # -- panels ----------------------------------------------------------------------------

    def toggle_sidebar(self) -> None:
        """Show or hide the sidebar."""
        self._sidebar_wanted = self.sidebar.isHidden()
        self._show_panels()

    def toggle_inspector(self) -> None:
        """Show or hide the inspector; shown on request it stays in a narrow window too."""
        self._inspector_wanted = self.inspector.isHidden()
        self._inspector_forced = self._inspector_wanted and self.width() < WIDE_PX
        self._show_panels()

    def set_first_run(self, shown: bool) -> None:
        """Hide search bar and panels while the first-run page is shown."""
        if shown != self._first_run_shown:
            self._first_run_shown = shown
            self._show_panels()

    def toggle_fullscreen(self) -> None:
        """Enter or leave full screen."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def show_shortcuts(self) -> None:
        """Show the list of shortcuts."""
        self.dialogs.show_shortcuts()

    def show_palette(self) -> None:
        """Open the command palette."""
        palette = CommandPalette(self.commands, self.theme, self)
        palette.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        palette.open()

    def _show_panels(self) -> None:
        """Show the wanted panels; in a narrow window the inspector only if requested there."""
        wide = self.width() >= WIDE_PX or self._inspector_forced
        sidebar = self._sidebar_wanted and not self._first_run_shown
        inspector = self._inspector_wanted and wide and not self._first_run_shown
        self.search_bar.setVisible(not self._first_run_shown)
        self.sidebar.setVisible(sidebar)
        self.inspector.setVisible(inspector)
        self.search_bar.sidebar_button.setChecked(sidebar)
        self.search_bar.inspector_button.setChecked(inspector)

    def _restore(self) -> None:
        if self._state.geometry is None or not self.restoreGeometry(self._state.geometry):
            self.resize(1280, 820)
        self._sidebar_wanted = self._state.flag("sidebar", True)
        self._inspector_wanted = self._state.flag("inspector", True)
        self._show_panels()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.width() >= WIDE_PX:
            self._inspector_forced = False
        self._show_panels()

    def save_state(self) -> None:
        """Store geometry and panels."""
        self._state.geometry = self.saveGeometry()
        self._state.set_flag("sidebar", self._sidebar_wanted)
        self._state.set_flag("inspector", self._inspector_wanted)
        self._state.flush()

    # -- pages -----------------------------------------------------------------------------

    def add_page(self, page: QWidget) -> None:
        """Add a page to the stack."""
        self.stack.addWidget(page)

    def show_page(self, page: QWidget) -> None:
        """Make a page of the stack the visible one."""
        if self.stack.currentWidget() is not page:
            self.stack.setCurrentWidget(page)

    def show_opening(self) -> None:
        """Show that the library is being opened; the search field is disabled meanwhile."""
        self.message_page.show_message(
            window_text.OPENING_TITLE, window_text.OPENING_BODY, icon="photos", progress=(0, 0)
        )
        self.show_page(self.message_page)
        self.search_bar.field.setEnabled(False)

    def _repaint(self) -> None:
        for widget in self.findChildren(QWidget):
            widget.update()

    # -- drops and closing -----------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
            paths = _local_paths(event.mimeData())
            words = models_text.DROP if is_model(paths) else window_text.DROP_HINT
            self._drop_hint.cover(words)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop_hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop_hint.hide()
        paths = _local_paths(event.mimeData())
        folders = [path for path in paths if path.is_dir()]
        event.acceptProposedAction()
        if folders:
            self.folders_dropped.emit(folders)
        else:
            self.files_dropped.emit(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.save_state()
        event.accept()
        self.hide()
        self.closing.emit()


def _local_paths(data: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
