"""Context menus of photos and things, and the commands on a photo's file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from desktop_app.presenters.correction_presenter import CorrectionPresenter
from desktop_app.presenters.photo_presenter import PhotoPresenter
from desktop_app.text import correction_text, library_text, photo_text
from desktop_app.text.command_text import COMMANDS
from desktop_app.views.grid.photo_grid_view import PhotoGridView
from desktop_app.views.main_window import MainWindow
from engine.records import Photo, Region

SEPARATOR = ""
FILE_COMMANDS = ("open_elsewhere", "show_in_folder", "copy_path")
THING_COMMANDS = ("find_similar", "copy_cutout", "save_cutout", "fine_edges", "name_thing")
HIT_COMMANDS = ("confirm_hit", "deny_hit", "withdraw")
GRID_MENU = (
    *("open_photo", SEPARATOR, *HIT_COMMANDS, SEPARATOR, *THING_COMMANDS, "export", SEPARATOR),
    *FILE_COMMANDS,
)
SEVERAL_MENU = (*HIT_COMMANDS, SEPARATOR, "export", "copy_path", SEPARATOR, "select_all")
CANVAS_MENU = (
    *(*HIT_COMMANDS, SEPARATOR, *THING_COMMANDS, SEPARATOR, *FILE_COMMANDS, SEPARATOR),
    *("zoom_fit", "back"),
)


class PhotoMenus(QObject):
    """Opens the menus with what works for the photo or thing they are opened on."""

    def __init__(
        self,
        window: MainWindow,
        photo: PhotoPresenter,
        corrections: CorrectionPresenter,
        grid: PhotoGridView,
    ) -> None:
        super().__init__(window)
        self._window, self._photo, self._grid = window, photo, grid
        self._corrections = corrections
        self.menu: QMenu | None = None
        commands = window.commands
        commands["open_photo"].triggered.connect(self._open_photo)
        commands["open_elsewhere"].triggered.connect(self._open_elsewhere)
        commands["show_in_folder"].triggered.connect(self._show_in_folder)
        commands["copy_path"].triggered.connect(self._copy_paths)
        grid.menu_requested.connect(self._grid_menu)
        photo.view.canvas.menu_requested.connect(self._canvas_menu)
        window.inspector.things.menu_requested.connect(self._thing_menu)

    # -- menus -----------------------------------------------------------------------------

    def _grid_menu(self, at: QPoint) -> None:
        several = self._grid.selected_count > 1
        self._open_commands(SEVERAL_MENU if several else GRID_MENU, self._grid, at)

    def _canvas_menu(self, at: QPoint) -> None:
        self._open_commands(CANVAS_MENU, self._photo.view, at)

    def _open_commands(self, names: Sequence[str], parent: QWidget, at: QPoint) -> None:
        """Open a menu of the window's commands, without those that have nothing to work on."""
        _, regions = self._photo.target()
        query = self._corrections.query
        lacking = set() if regions else set(THING_COMMANDS)
        if not query:
            lacking.update(HIT_COMMANDS)
        elif not any(hit.judged for hit in self._corrections.hits()):
            lacking.add("withdraw")
        menu = self._new_menu(parent)
        for name in names:
            if name == SEPARATOR:
                menu.addSeparator()
            elif name == "deny_hit" and query:
                words = correction_text.THIS_IS_NOT.format(query=query.replace("&", "&&"))
                key = COMMANDS[name].keys[0]  # after the tab; two actions cannot share a shortcut
                menu.addAction(f"{words}\t{key}", self._window.commands[name].trigger)
            elif name not in lacking:
                menu.addAction(self._window.commands[name])
        menu.popup(at)

    def _thing_menu(self, photo: Photo, region: Region, at: QPoint) -> None:
        """Of a thing in the inspector; it need not be the one that is selected."""
        calls: dict[str, Callable[[Photo, list[Region]], None]] = {
            "find_similar": self._photo.find_similar_to,
            "copy_cutout": self._photo.copy_cutout_of,
            "save_cutout": self._photo.save_cutout_of,
            "name_thing": self._corrections.name_thing,
        }
        menu = self._new_menu(self._window.inspector)
        for name, call in calls.items():
            menu.addAction(COMMANDS[name].title, partial(call, photo, [region]))
        menu.addAction(self._window.commands["fine_edges"])
        menu.popup(at)

    def _new_menu(self, parent: QWidget) -> QMenu:
        if self.menu is not None:
            self.menu.deleteLater()
        self.menu = QMenu(parent)
        return self.menu

    # -- files -----------------------------------------------------------------------------

    def _open_photo(self) -> None:
        if not self._photo.is_open:
            self._photo.open_row(self._grid.currentIndex().row())

    def _paths(self) -> list[Path]:
        """The photo that commands apply to, or all that are selected in the grid."""
        selected = [] if self._photo.is_open else self._grid.selected_hits()
        if selected:
            return [hit.photo.path for hit in selected]
        hit = self._photo.current_hit()
        return [hit.photo.path] if hit is not None else []

    def _existing_path(self) -> Path | None:
        """The first of them; None, with a notice, if there is none or it is gone."""
        paths = self._paths()
        if not paths:
            self._window.toast.show_message(photo_text.SELECT_PHOTO_FIRST)
            return None
        if not paths[0].exists():
            self._window.toast.show_message(photo_text.FILE_GONE.format(name=paths[0].name))
            return None
        return paths[0]

    def _open_elsewhere(self) -> None:
        path = self._existing_path()
        if path is not None and not self._window.shell.open_file(path):
            words = photo_text.NO_APPLICATION.format(name=path.name)
            self._window.toast.show_message(words)

    def _show_in_folder(self) -> None:
        path = self._existing_path()
        if path is not None:
            self._window.shell.show_in_folder(path)

    def _copy_paths(self) -> None:
        paths = self._paths()
        if not paths:
            self._window.toast.show_message(photo_text.SELECT_PHOTO_FIRST)
            return
        QGuiApplication.clipboard().setText("\n".join(map(str, paths)))
        self._window.toast.show_message(library_text.PATHS_COPIED[len(paths) > 1])
