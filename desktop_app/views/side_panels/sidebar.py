"""The left side panel: folders and their state, recent searches, problems."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from desktop_app.text import (
    folder_text,
    formatting,
    library_text,
    models_text,
    search_text,
    settings_text,
    window_text,
)
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
        remove_requested(Folder), show_requested(Folder), rescan_requested(), gone(Folder),
            relocate_requested(Folder), rules_requested(Folder): chosen in its menu.
    """

    show_requested = Signal(object)
    remove_requested = Signal(object)
    relocate_requested = Signal(object)
    rules_requested = Signal(object)
    gone = Signal(object)
    rescan_requested = Signal()

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
        self.menu.addAction(library_text.OPEN_FOLDER, self._request_showing)
        self.menu.addAction(library_text.COPY_PATH, self._copy_path)
        self.menu.addAction(library_text.RESCAN, self.rescan_requested.emit)
        self.menu.addAction(folder_text.RULES, self._request_rules)
        self._gone = self.menu.addAction(library_text.REALLY_GONE, self._request_gone)
        self.menu.addAction(folder_text.RELOCATE, self._request_relocation)
        self.menu.addSeparator()
        self.menu.addAction(library_text.REMOVE_FOLDER, self._request_remove)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._open_menu)
        self.show_folder(folder)

    def show_folder(self, folder: Folder) -> None:
        """Show the state of the folder."""
        self._folder = folder
        name = formatting.file_name(folder.path)
        self._name.set_full_text(name)
        self._state.set_full_text(library_text.folder_state(folder))
        self._gone.setVisible(folder.lacking > 0)
        self.setToolTip(library_text.folder_tip(folder).replace("<", "&lt;"))
        self.setAccessibleName(f"{name}, {library_text.folder_state(folder)}")
        self.menu_button.setAccessibleName(library_text.FOLDER_ACTIONS.format(name=name))
        self.menu_button.setToolTip(
            library_text.FOLDER_ACTIONS.format(name=name).replace("<", "&lt;")
        )
        self.refresh_icon()

    def refresh_icon(self) -> None:
        """Draw the icon anew, for another state or another theme."""
        name, token = "folder", "secondary"
        if not self._folder.online:
            name, token = "folder-offline", "unsure"
        self._icon.setPixmap(self._theme.icon(name, token).pixmap(18, 18))

    def _open_menu(self) -> None:
        self.menu.popup(self.menu_button.mapToGlobal(self.menu_button.rect().bottomLeft()))

    def _request_showing(self) -> None:
        self.show_requested.emit(self._folder)

    def _copy_path(self) -> None:
        QGuiApplication.clipboard().setText(str(self._folder.path))

    def _request_remove(self) -> None:
        self.remove_requested.emit(self._folder)

    def _request_rules(self) -> None:
        self.rules_requested.emit(self._folder)

    def _request_relocation(self) -> None:
        self.relocate_requested.emit(self._folder)

    def _request_gone(self) -> None:
        self.gone.emit(self._folder)


class Sidebar(QWidget):
    """Lists folders and recent searches, and switches between photos and problems.

    Signals:
        add_folder(), remove_folder(Folder), show_folder(Folder), rescan(): commands about folders.
        gone(Folder): the photos that this folder lacks are really gone.
        relocate(Folder): this folder is at another place now.
        rules(Folder): what is left out of this folder.
        search(str), clear_recent_searches(): commands about recent searches.
        show_photos(), show_problems(), show_models(), show_settings(): go to that page.
    """

    add_folder = Signal()
    remove_folder = Signal(object)
    gone = Signal(object)
    relocate = Signal(object)
    rules = Signal(object)
    show_folder = Signal(object)
    rescan = Signal()
    search = Signal(str)
    clear_recent_searches = Signal()
    show_photos = Signal()
    show_problems = Signal()
    show_models = Signal()
    show_settings = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: dict[int, FolderRow] = {}
        self.setObjectName("sidebar")
        self._column = side_panel(self, library_text.LIBRARY, WIDTH_PX)
        self._column.setContentsMargins(8, 14, 8, 12)
        self._column.setSpacing(2)
        self._build()
        theme.changed.connect(self._refresh_icons)

    def _build(self) -> None:
        self._all = push_button(
            search_text.ALL_PHOTOS, role="row", theme=self._theme, icon="photos"
        )
        self._all.clicked.connect(self.show_photos)
        self._all.setCheckable(True)
        self._column.addWidget(self._all)
        self._problems = push_button(
            library_text.PROBLEMS, role="row", theme=self._theme, icon="problem", token="unsure"
        )
        self._problems.clicked.connect(self.show_problems)
        self._problems.setCheckable(True)
        self._column.addWidget(self._problems)
        self._problems.hide()
        self._column.addSpacing(14)

        add = icon_button(self._theme, "plus", window_text.ADD_FOLDER)
        add.clicked.connect(self.add_folder)
        self._column.addLayout(self._heading(library_text.FOLDERS, add))
        self._folders = QVBoxLayout()
        self._folders.setSpacing(0)
        self._column.addLayout(self._folders)
        self._column.addSpacing(14)

        self._clear_recent_button = icon_button(self._theme, "close", library_text.CLEAR_RECENT)
        self._clear_recent_button.clicked.connect(self.clear_recent_searches)
        self._recent_heading = QWidget()
        self._recent_heading.setLayout(
            self._heading(library_text.RECENT, self._clear_recent_button)
        )
        self._column.addWidget(self._recent_heading)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(0)
        self._column.addLayout(self._recent)
        self._column.addStretch(1)
        self._models = push_button(
            models_text.MODELS, role="row", theme=self._theme, icon="models", token="secondary"
        )
        self._models.clicked.connect(self.show_models)
        self._models.setCheckable(True)
        self._column.addWidget(self._models)
        self._settings = push_button(
            settings_text.SETTINGS,
            role="row",
            theme=self._theme,
            icon="settings",
            token="secondary",
        )
        self._settings.clicked.connect(self.show_settings)
        self._settings.setCheckable(True)
        self._column.addWidget(self._settings)
        self.show_recent([])

    @staticmethod
    def _heading(words: str, button: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(8, 0, 2, 2)
        row.addWidget(label(words, "heading"), 1)
        row.addWidget(button)
        return row

    def show_status(self, status: LibraryStatus) -> None:
        """Show the folders and the number of problems."""
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
            row.remove_requested.connect(self.remove_folder)
            row.gone.connect(self.gone)
            row.relocate_requested.connect(self.relocate)
            row.rules_requested.connect(self.rules)
            row.show_requested.connect(self.show_folder)
            row.rescan_requested.connect(self.rescan)
            self._rows[folder.id] = row
            self._folders.addWidget(row)
        self._problems.setVisible(status.problems > 0)
        words = f"{library_text.PROBLEMS} · {formatting.number(status.problems)}"
        self._problems.setText(words)
        self._problems.setAccessibleName(words)
        self._all.setVisible(bool(status.folders))

    def mark_current_page(
        self, *, photos: bool, problems: bool, models: bool, settings: bool
    ) -> None:
        """Mark the current page, or none of them."""
        self._all.setChecked(photos)
        self._problems.setChecked(problems)
        self._models.setChecked(models)
        self._settings.setChecked(settings)

    def show_recent(self, searches: list[str]) -> None:
        """List the recent searches, newest first."""
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()  # until it is deleted it would be painted over its successor
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
        """The rows of all folders."""
        return list(self._rows.values())

    def _recent_clicked(self) -> None:
        self.search.emit(self.sender().property("query"))

    def _refresh_icons(self) -> None:
        for row in self._rows.values():
            row.refresh_icon()
