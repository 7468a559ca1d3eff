"""The left side: folders and their state, recent searches, problems."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from desktop_app import text
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.basic_widgets import (
    ElidedLabel,
    icon_button,
    label,
    push_button,
    side_panel,
)
from engine.records import Folder, LibraryStatus

WIDTH_PX = 220


class FolderRow(QWidget):
    """One folder: icon, name, state, menu.

    Signals:
        remove_wanted(Folder), rescan_wanted(): from its menu.
    """

    remove_wanted = Signal(object)
    rescan_wanted = Signal()

    def __init__(self, theme: Theme, folder: Folder) -> None:
        super().__init__()
        self._theme, self._folder = theme, folder
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 2, 4)
        row.setSpacing(8)
        self._icon = label()
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(1)
        self._name = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self._state = ElidedLabel(role="small")
        words.addWidget(self._name)
        words.addWidget(self._state)
        row.addLayout(words, 1)
        self.menu_button = icon_button(theme, "more", "")
        self.menu_button.clicked.connect(self._open_menu)
        row.addWidget(self.menu_button)
        self.menu = QMenu(self)
        self.menu.addAction(text.OPEN_FOLDER, self._show_in_file_manager)
        self.menu.addAction(text.RESCAN, self.rescan_wanted.emit)
        self.menu.addSeparator()
        self.menu.addAction(text.REMOVE_FOLDER, self._ask_remove)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._open_menu)
        self.show_folder(folder)

    def show_folder(self, folder: Folder) -> None:
        self._folder = folder
        name = folder.path.name or str(folder.path)
        self._name.set_full_text(name)
        self._state.set_full_text(text.folder_state(folder))
        self.setToolTip(str(folder.path).replace("<", "&lt;"))
        self.setAccessibleName(f"{name}, {text.folder_state(folder)}")
        self.menu_button.setAccessibleName(text.FOLDER_ACTIONS.format(name=name))
        self.menu_button.setToolTip(text.FOLDER_ACTIONS.format(name=name).replace("<", "&lt;"))
        self.refresh_icon()

    def refresh_icon(self) -> None:
        name, token = "folder", "secondary"
        if not self._folder.online:
            name, token = "folder-offline", "unsure"
        self._icon.setPixmap(self._theme.icon(name, token).pixmap(18, 18))

    def _open_menu(self) -> None:
        self.menu.popup(self.menu_button.mapToGlobal(self.menu_button.rect().bottomLeft()))

    def _show_in_file_manager(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder.path)))

    def _ask_remove(self) -> None:
        self.remove_wanted.emit(self._folder)


class Sidebar(QWidget):
    """Signals:
    add_folder(), remove_folder(Folder), rescan(): about folders.
    search(str), forget_searches(): about recent searches.
    show_photos(), show_problems(): go there.
    """

    add_folder = Signal()
    remove_folder = Signal(object)
    rescan = Signal()
    search = Signal(str)
    forget_searches = Signal()
    show_photos = Signal()
    show_problems = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: dict[int, FolderRow] = {}
        self.setObjectName("sidebar")
        self._column = side_panel(self, text.LIBRARY, WIDTH_PX)
        self._column.setContentsMargins(8, 14, 8, 12)
        self._column.setSpacing(2)
        self._build()
        theme.changed.connect(self._refresh_icons)

    def _build(self) -> None:
        self._all = push_button(text.ALL_PHOTOS, role="row", theme=self._theme, icon="photos")
        self._all.clicked.connect(self.show_photos)
        self._all.setCheckable(True)
        self._column.addWidget(self._all)
        self._problems = push_button(
            text.PROBLEMS, role="row", theme=self._theme, icon="problem", token="unsure"
        )
        self._problems.clicked.connect(self.show_problems)
        self._problems.setCheckable(True)
        self._column.addWidget(self._problems)
        self._problems.hide()
        self._column.addSpacing(14)

        add = icon_button(self._theme, "plus", text.ADD_FOLDER)
        add.clicked.connect(self.add_folder)
        self._column.addLayout(self._heading(text.FOLDERS, add))
        self._folders = QVBoxLayout()
        self._folders.setSpacing(0)
        self._column.addLayout(self._folders)
        self._column.addSpacing(14)

        self._forget = icon_button(self._theme, "close", text.CLEAR_RECENT)
        self._forget.clicked.connect(self.forget_searches)
        self._recent_heading = QWidget()
        self._recent_heading.setLayout(self._heading(text.RECENT, self._forget))
        self._column.addWidget(self._recent_heading)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(0)
        self._column.addLayout(self._recent)
        self._column.addStretch(1)
        self.show_recent([])

    @staticmethod
    def _heading(words: str, button: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(8, 0, 2, 2)
        row.addWidget(label(words, "heading"), 1)
        row.addWidget(button)
        return row

    def show_status(self, status: LibraryStatus) -> None:
        """Take over folders and the number of problems."""
        present = {folder.id for folder in status.folders}
        for folder_id in [i for i in self._rows if i not in present]:
            row = self._rows.pop(folder_id)
            self._folders.removeWidget(row)
            row.hide()
            row.deleteLater()
        for folder in status.folders:
            if folder.id in self._rows:
                self._rows[folder.id].show_folder(folder)
                continue
            row = FolderRow(self._theme, folder)
            row.remove_wanted.connect(self.remove_folder)
            row.rescan_wanted.connect(self.rescan)
            self._rows[folder.id] = row
            self._folders.addWidget(row)
        self._problems.setVisible(status.problems > 0)
        words = f"{text.PROBLEMS} · {text.number(status.problems)}"
        self._problems.setText(words)
        self._problems.setAccessibleName(words)
        self._all.setVisible(bool(status.folders))

    def mark_place(self, *, photos: bool, problems: bool) -> None:
        """Mark where one is: all photos, the problems, or neither."""
        self._all.setChecked(photos)
        self._problems.setChecked(problems)

    def show_recent(self, searches: list[str]) -> None:
        while self._recent.count():
            widget = self._recent.takeAt(0).widget()
            if widget is not None:
                widget.hide()  # at once: it would be painted over its successor until deleted
                widget.deleteLater()
        for words in searches:
            button = push_button(
                "", role="row", theme=self._theme, icon="recent", token="secondary"
            )
            metrics = button.fontMetrics()
            shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, WIDTH_PX - 76)
            button.setText(shown.replace("&", "&&"))
            button.setAccessibleName(words)
            button.setProperty("query", words)
            button.clicked.connect(self._recent_clicked)
            self._recent.addWidget(button)
        self._recent_heading.setVisible(bool(searches))

    def folder_rows(self) -> list[FolderRow]:
        return list(self._rows.values())

    def _recent_clicked(self) -> None:
        self.search.emit(self.sender().property("query"))

    def _refresh_icons(self) -> None:
        for row in self._rows.values():
            row.refresh_icon()
