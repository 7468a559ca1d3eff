"""The frame: what stands where, the keys, folders dropped on it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from desktop_app import text
from desktop_app.ui_state import UiState
from desktop_app.views.dialogs import Dialogs, DropHint
from desktop_app.views.pages.message_pages import FirstRunPage, MessagePage
from desktop_app.views.painting.theme import Theme
from desktop_app.views.side_panels.inspector import Inspector
from desktop_app.views.side_panels.sidebar import Sidebar
from desktop_app.views.widgets.search_bar import SearchBar
from desktop_app.views.widgets.status_line import StatusLine
from desktop_app.views.widgets.toast import Toast

ROOMY_PX = 1080
"""From this width on there is room for both panels beside the photos."""
KEYS = {
    "search": ("Ctrl+F", "/"),
    "back": ("Esc",),
    "look_switch": ("Ctrl+Shift+V",),
    "look_at_more": ("Ctrl+Shift+M",),
    "find_alike": ("Ctrl+D",),
    "save_cutout": ("Ctrl+E",),
    "copy_cutout": ("Ctrl+C",),
    "zoom_in": ("+", "="),
    "zoom_out": ("-",),
    "zoom_fit": ("0",),
    "fullscreen": ("F", "F11"),
    "pause": ("P",),
    "rescan": ("F5",),
    "sidebar": ("F9",),
    "inspector": ("F10",),
    "shortcuts": ("?", "F1"),
    "quit": ("Ctrl+Q",),
}


class MainWindow(QMainWindow):
    """Parts and places; a presenter fills them once the library is open.

    Attributes:
        stack: the middle; pages are added with ``add_page``.
        dialogs: every question to people goes through it.
        commands: QAction by name, see ``KEYS``.

    Signals:
        folders_dropped(list[Path]), files_dropped(): something was dropped on the window.
        closing(): it is about to go; nothing is saved yet.
    """

    folders_dropped = Signal(object)
    files_dropped = Signal()
    closing = Signal()

    def __init__(self, theme: Theme, state: UiState) -> None:
        super().__init__()
        self.theme, self._state = theme, state
        self.setWindowTitle(text.APP_NAME)
        self.setWindowIcon(theme.icon("pickout"))
        self.setMinimumSize(900, 600)
        self.setAcceptDrops(True)
        self.dialogs = Dialogs(self)
        self.sidebar = Sidebar(theme)
        self.search_bar = SearchBar(theme)
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
        middle.addWidget(self.stack, 1)
        columns = QHBoxLayout()
        columns.setSpacing(0)
        columns.addWidget(self.sidebar)
        columns.addWidget(centre, 1)
        columns.addWidget(self.inspector)
        whole = QWidget()
        rows = QVBoxLayout(whole)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addLayout(columns, 1)
        rows.addWidget(self.status_line)
        self.setCentralWidget(whole)

    def _build_commands(self) -> dict[str, QAction]:
        commands = {}
        for name, keys in KEYS.items():
            action = QAction(self)
            action.setShortcuts([QKeySequence(key) for key in keys])
            action.setAutoRepeat(name.startswith("zoom"))
            self.addAction(action)
            commands[name] = action
        commands["search"].triggered.connect(self.search_bar.focus)
        commands["sidebar"].triggered.connect(self.toggle_sidebar)
        commands["inspector"].triggered.connect(self.toggle_inspector)
        commands["fullscreen"].triggered.connect(self.toggle_fullscreen)
        commands["shortcuts"].triggered.connect(self.show_shortcuts)
        commands["quit"].triggered.connect(self.close)
        self.search_bar.toggle_sidebar.connect(self.toggle_sidebar)
        self.search_bar.toggle_inspector.connect(self.toggle_inspector)
        self.status_line.shortcuts_wanted.connect(self.show_shortcuts)
        return commands

    # -- panels ----------------------------------------------------------------------------

    def toggle_sidebar(self) -> None:
        self._sidebar_wanted = self.sidebar.isHidden()
        self._show_panels()

    def toggle_inspector(self) -> None:
        self._inspector_wanted = self.inspector.isHidden()
        self._inspector_forced = self._inspector_wanted and self.width() < ROOMY_PX
        self._show_panels()

    def set_welcoming(self, welcoming: bool) -> None:
        """On the first run there is nothing to search or list: the middle stands alone."""
        if welcoming != self._welcoming:
            self._welcoming = welcoming
            self._show_panels()

    def toggle_fullscreen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def show_shortcuts(self) -> None:
        self.dialogs.show_shortcuts()

    def _show_panels(self) -> None:
        """In a narrow window the inspector makes room unless it was asked for there."""
        roomy = self.width() >= ROOMY_PX or self._inspector_forced
        sidebar = self._sidebar_wanted and not self._welcoming
        inspector = self._inspector_wanted and roomy and not self._welcoming
        self.search_bar.setVisible(not self._welcoming)
        self.sidebar.setVisible(sidebar)
        self.inspector.setVisible(inspector)
        self.search_bar.sidebar_button.setChecked(sidebar)
        self.search_bar.inspector_button.setChecked(inspector)

    def _restore(self) -> None:
        if self._state.geometry is None or not self.restoreGeometry(self._state.geometry):
            self.resize(1280, 820)
        self._sidebar_wanted = self._state.flag("sidebar", True)
        self._inspector_wanted = self._state.flag("inspector", True)
        self._inspector_forced = self._welcoming = False
        self._show_panels()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        if self.width() >= ROOMY_PX:
            self._inspector_forced = False
        self._show_panels()

    def save_state(self) -> None:
        self._state.geometry = self.saveGeometry()
        self._state.set_flag("sidebar", self._sidebar_wanted)
        self._state.set_flag("inspector", self._inspector_wanted)
        self._state.flush()

    # -- pages -----------------------------------------------------------------------------

    def add_page(self, page: QWidget) -> None:
        self.stack.addWidget(page)

    def show_page(self, page: QWidget) -> None:
        if self.stack.currentWidget() is not page:
            self.stack.setCurrentWidget(page)

    def show_opening(self) -> None:
        """While the library is being opened there is nothing to search."""
        self.message_page.show_message(
            text.OPENING_TITLE, text.OPENING_BODY, icon="photos", progress=(0, 0)
        )
        self.show_page(self.message_page)
        self.search_bar.field.setEnabled(False)

    def _repaint(self) -> None:
        for widget in self.findChildren(QWidget):
            widget.update()

    # -- drops and closing -----------------------------------------------------------------

    def dragEnterEvent(self, event) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
            self._drop_hint.cover()

    def dragLeaveEvent(self, event) -> None:
        self._drop_hint.hide()

    def dropEvent(self, event) -> None:
        self._drop_hint.hide()
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        folders = [path for path in paths if path.is_dir()]
        event.acceptProposedAction()
        if folders:
            self.folders_dropped.emit(folders)
        else:
            self.files_dropped.emit()

    def closeEvent(self, event) -> None:
        self.save_state()
        event.accept()
        self.hide()
        self.closing.emit()
