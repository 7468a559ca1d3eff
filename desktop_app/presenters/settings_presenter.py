"""The settings page: shows the stored values, and stores what people choose."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop_app.bridge.session import Session
from desktop_app.text import settings_text
from desktop_app.views.main_window import MainWindow
from desktop_app.views.pages.settings_page import SettingsPage
from engine.errors import EngineError
from engine.records import ModelInfo
from engine.settings import Settings

MODEL_SETTING = "second_look_model"


class SettingsPresenter(QObject):
    """Connects the settings page with the library.

    Attributes:
        page: the page; the main presenter shows it.

    Signals:
        requested(): the page is to be shown.
        changed(): a setting has been stored.
    """

    requested = Signal()
    changed = Signal()

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._session = session
        self.page = SettingsPage(window.theme)
        self.page.changed.connect(self._store)
        window.commands["settings"].triggered.connect(self.show)

    def show(self) -> None:
        """Go to the page, with the values that are stored now."""
        library, reads = self._session.library, self._session.reads
        self.page.show_settings(library.settings)
        reads.call(library.model_files.all, self._show_models, self._models_failed)
        self.requested.emit()

    def _show_models(self, models: tuple[ModelInfo, ...]) -> None:
        installed = [m for m in models if m.role == "second-look" and m.installed]
        choices = [(settings_text.BEST_MODEL, ""), *((m.title, m.name) for m in installed)]
        self.page.rows[MODEL_SETTING].set_choices(choices)

    def _models_failed(self, error: BaseException) -> None:
        """The stored one stays the only choice; the models page says what is wrong."""
        if not isinstance(error, EngineError):
            raise error

    def _store(self, name: str, value: Any) -> None:
        library = self._session.library
        self._session.reads.call(
            lambda: library.change_settings({name: value}),
            self._stored,
            partial(self._failed, name),
        )

    def _stored(self, settings: Settings) -> None:
        self.page.show_settings(settings)
        self.changed.emit()

    def _failed(self, name: str, error: BaseException) -> None:
        if not isinstance(error, EngineError):
            raise error
        self.page.show_settings(self._session.library.settings)
        words = " ".join(filter(None, (error.message, error.hint)))
        self.page.rows[name].show_problem(words)
