"""The models page: lists the models, runs what its buttons ask for, shows how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop_app.bridge.session import Session
from desktop_app.controllers.models import ModelList, ModelsController
from desktop_app.item_models.model_cards import model_card, profile_cards
from desktop_app.text import formatting, models_text
from desktop_app.views.main_window import MainWindow
from desktop_app.views.pages.models_page import IMPORT_KEY, MODEL, PROFILE, ModelsPage
from desktop_app.views.widgets.action_card import ActionCard
from engine.errors import EngineError
from engine.jobs import Progress
from engine.records import LibraryStatus, ModelInfo, ProfileCost


class ModelsPresenter(QObject):
    """Connects the models page with the library.

    Attributes:
        page: the page; the main presenter shows it.

    Signals:
        requested(): the page is to be shown.
        models_changed(): a model was installed, removed or chosen, or another profile answers.
    """

    requested = Signal()
    models_changed = Signal()

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self.page = ModelsPage(window.theme)
        self._models = ModelsController(session.library, session.jobs, session.reads, self)
        self._list: ModelList | None = None
        self._change = ""
        """Name of the requested profile, as in the status shown last."""
        self._connect()

    def _connect(self) -> None:
        page, models = self.page, self._models
        self._window.commands["models"].triggered.connect(self.show)
        page.import_requested.connect(self._choose_files)
        page.pressed.connect(self._pressed)
        page.confirmed.connect(self._confirmed)
        models.listed.connect(self._listed)
        page.listed.connect(self._cards_shown)
        models.progressed.connect(self._progressed)
        models.succeeded.connect(self._succeeded)
        models.failed.connect(self._failed)
        models.cancelled.connect(self._cancelled)
        models.changing.connect(self._changing)
        models.changed.connect(self._changed)
        self._session.events.status_changed.connect(self._show_change)

    def show(self) -> None:
        """Go to the page."""
        self._models.refresh()
        self.requested.emit()

    def import_files(self, paths: Sequence[Path], name: str = "") -> None:
        """Import the files of a model and show how far it is."""
        self.show()
        if name in self._models.running:
            self._window.toast.show_message(models_text.STILL_BUSY)
            return
        if not name:
            self.page.show_import(True)
        self._models.import_files(paths, name)

    # -- the list --------------------------------------------------------------------------

    def _listed(self, found: ModelList) -> None:
        self._list = found
        roles = dict.fromkeys(info.role for info in found.models)
        self.page.computer.setText(models_text.computer(found.computer))
        self.page.runtime_note.setVisible(not found.computer.language_models)
        self.page.show_cards(
            profile_cards(found.profiles, found.kept),
            {role: [model_card(m) for m in found.models if m.role == role] for role in roles},
        )

    def _cards_shown(self) -> None:
        status = self._session.events.status
        if status is not None:
            self._show_change(status)

    def _info(self, name: str) -> ModelInfo | None:
        models = self._list.models if self._list is not None else ()
        return next((info for info in models if info.name == name), None)

    def _title(self, name: str) -> str:
        info = self._info(name)
        return info.title if info is not None else name

    def _card(self, key: str) -> ActionCard | None:
        """The card of a model or profile; their names differ."""
        return self.page.card(MODEL, key) or self.page.card(PROFILE, key)

    # -- buttons ---------------------------------------------------------------------------

    def _pressed(self, kind: str, key: str, action: str) -> None:
        models, card = self._models, self.page.card(kind, key)
        if action == "cancel":
            models.cancel(key)
        elif action == "download":
            models.download(key)
        elif action == "verify":
            models.verify(key)
        elif action == "discard":
            models.remove(key)
        elif action == "use":
            models.use_for_reranking(key)
        elif action == "change":
            models.estimate_change(key)
        elif action == "cancel_change":
            models.cancel_change()
        elif action == "import":
            self._choose_files(key)
        elif action == "page":
            self._open_page(key)
        elif card is not None:
            self._ask(card, key, action)

    def _ask(self, card: ActionCard, key: str, action: str) -> None:
        info = self._info(key)
        if action == "remove" and info is not None:
            own = models_text.REMOVE_OWN_QUESTION
            words = (own if info.custom else models_text.REMOVE_QUESTION).format(title=info.title)
            if info.in_use:
                words = f"{words} {models_text.REMOVE_IN_USE}"
            card.ask(action, words, models_text.REMOVE_YES, models_text.KEEP)
        elif action == "forget" and self._list is not None:
            kept = [r for r in self._list.kept if r.name == key and not (r.answering or r.next)]
            photos = formatting.photos(sum(row.photos for row in kept))
            words = models_text.FORGET_QUESTION.format(photos=photos)
            card.ask(action, words, models_text.FORGET_YES, models_text.KEEP)

    def _confirmed(self, kind: str, key: str, action: str) -> None:
        if action == "remove":
            self._models.remove(key)
        elif action == "forget":
            self._models.forget(key)
        elif action == "change":
            self._models.change(key)

    def _choose_files(self, name: str = "") -> None:
        paths = self._window.dialogs.choose_model_files()
        if paths:
            self.import_files(paths, name)

    def _open_page(self, name: str) -> None:
        info = self._info(name)
        for file in info.files if info is not None else ():
            if file.by_hand:
                self._window.shell.open_page(file.address)

    # -- jobs ------------------------------------------------------------------------------

    def _progressed(self, key: str, progress: Progress) -> None:
        card = self._card(key)
        if card is None:
            return
        is_profile = self.page.card(MODEL, key) is None
        text = models_text.profile_job if is_profile else models_text.transfer
        share = progress.done / progress.total if progress.total else None
        card.show_progress(text(progress), share, models_text.CANCEL)

    def _succeeded(self, key: str, job_name: str, result: object) -> None:
        self._job_ended(key)
        if isinstance(result, ProfileCost):
            self._ask_for_change(key, result)
            return
        title = self._title(key)
        if job_name == "use model":
            words = models_text.USED.format(title=title)
        elif job_name == "verify model":
            words = models_text.VERIFIED.format(title=title)
        elif job_name in ("remove model", "forget profile") and isinstance(result, int):
            freed = models_text.REMOVED if job_name == "remove model" else models_text.FORGOTTEN
            words = freed.format(title=title, size=formatting.file_size(result))
        else:
            installed = self._title(result) if isinstance(result, str) else title
            words = models_text.INSTALLED.format(title=installed)
        self._window.toast.show_message(words)
        self._changed()

    def _ask_for_change(self, profile: str, cost: ProfileCost) -> None:
        card = self.page.card(PROFILE, profile)
        if not cost.photos:
            self._models.change(profile)
        elif card is not None:
            words = models_text.cost(cost)
            card.ask("change", words, models_text.CHANGE_YES, models_text.NOT_NOW)

    def _failed(self, key: str, error: EngineError) -> None:
        self._job_ended(key)
        card = self._card(key)
        words = " ".join(filter(None, (error.message, error.hint)))
        if card is not None:
            card.show_problem(words)
        else:
            self._window.dialogs.show_problem(error)

    def _cancelled(self, key: str) -> None:
        self._job_ended(key)
        if self.page.card(MODEL, key) is not None:
            self._window.toast.show_message(models_text.CANCELLED)
        self._models.refresh()

    def _job_ended(self, key: str) -> None:
        card = self._card(key)
        if card is not None:
            card.hide_progress()
        if key == IMPORT_KEY:
            self.page.show_import(False)

    # -- the profile -----------------------------------------------------------------------

    def _changing(self, profile: str) -> None:
        title = models_text.profile_title(profile)
        self._window.toast.show_message(models_text.CHANGE_BEGUN.format(title=title))
        self._changed()

    def _changed(self, *_: object) -> None:
        self._session.events.poll()
        self._models.refresh()
        self.models_changed.emit()

    def profile_changed(self) -> None:
        """Another profile answers."""
        self._changed()

    def _show_change(self, status: LibraryStatus) -> None:
        """Show how far the change to another profile is."""
        change = status.change
        name = change.profile if change is not None else ""
        if self._change and name != self._change:
            card = self.page.card(PROFILE, self._change)
            if card is not None:
                card.hide_progress()
            self._models.refresh()
        self._change = name
        card = self.page.card(PROFILE, name)
        if change is not None and card is not None:
            card.show_progress(models_text.change(change), change.done, "")
