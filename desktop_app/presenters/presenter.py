"""Brings an open library and the window together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QLineEdit

from desktop_app import text
from desktop_app.bridge.session import Session
from desktop_app.controllers import empty_states
from desktop_app.controllers.browsing import BrowseController
from desktop_app.controllers.empty_states import Message
from desktop_app.controllers.folders import FolderController
from desktop_app.controllers.problems import ProblemController
from desktop_app.controllers.searching import Query, SearchController, waiting
from desktop_app.item_models.photo_grid import PhotoGridModel
from desktop_app.item_models.problems import ProblemModel
from desktop_app.presenters.photo_presenter import PhotoPresenter
from desktop_app.presenters.second_look_presenter import SecondLookPresenter
from desktop_app.ui_state import UiState
from desktop_app.views.grid.scroll_anchor import ScrollAnchor
from desktop_app.views.main_window import MainWindow
from desktop_app.views.pages.problems_page import ProblemsPage
from desktop_app.views.pages.results_page import ResultsPage
from engine.errors import EngineError
from engine.paths import resources_dir
from engine.records import (
    Folder,
    LibraryChanges,
    LibraryStatus,
    PhotoId,
    SearchHit,
    SearchResult,
)

STARTER_PROFILE = "starter"


class Presenter(QObject):
    """Decides what the window shows; the views only show and ask."""

    def __init__(self, window: MainWindow, session: Session, state: UiState) -> None:
        super().__init__(window)
        self._window, self._session, self._state = window, session, state
        library, reads, theme = session.library, session.reads, window.theme
        self.model = PhotoGridModel(self)
        self._problem_model = ProblemModel(self)
        self.searching = SearchController(library, session.jobs, self)
        self.browsing = BrowseController(library, reads, self.model, self)
        self.folders = FolderController(library, reads, session.events, self)
        self.problems = ProblemController(library, reads, self._problem_model, self)
        self.results = ResultsPage(session, self.model, theme)
        self.photo = PhotoPresenter(
            window, session, state, self.model, self.results.grid, self.searching
        )
        self._anchor = ScrollAnchor(self.results.grid)
        self.problems_page = ProblemsPage(self._problem_model, theme)
        for page in (self.results, self.photo.view, self.problems_page):
            window.add_page(page)
        self._page = self.results
        self._message: Message | None = None
        self._no_hits: Message | None = None
        self._fresh = True
        self._news: set[PhotoId] = set()
        self._connect_views()
        self._connect_controllers()
        self._connect_commands()
        self.second_look = SecondLookPresenter(
            window, session, state, self.searching, self.results.second_look_bar
        )

    def start(self) -> None:
        """Show the library and begin to follow it."""
        window = self._window
        window.inspector.set_session(self._session)
        window.search_bar.field.setEnabled(True)
        window.sidebar.show_recent(self._state.recent_searches)
        self._session.events.start()
        self.browsing.show()
        self.problems.refresh()
        library = self._session.library
        self._session.reads.call(library.folders.start_watching, None, self._cannot_follow)
        self._session.reads.call(library.search.warm_up, None, self._cannot_follow)
        window.search_bar.focus()

    # -- wiring ----------------------------------------------------------------------------

    def _connect_views(self) -> None:
        window = self._window
        window.folders_dropped.connect(self._add_folders)
        window.files_dropped.connect(self._not_a_folder)
        window.first_run.add_folder.connect(self._choose_folder)
        window.first_run.try_samples.connect(self._add_samples)
        window.message_page.action.connect(self._message_action)
        window.status_line.pause_toggled.connect(self.folders.toggle_pause)
        bar = window.search_bar
        bar.typed.connect(self.searching.typed)
        bar.submitted.connect(self._submitted)
        bar.chip_closed.connect(self.searching.clear)
        bar.field.left_downwards.connect(self._focus_results)
        side = window.sidebar
        side.add_folder.connect(self._choose_folder)
        side.remove_folder.connect(self._remove_folder)
        side.rescan.connect(self.folders.rescan)
        side.search.connect(self._search_again)
        side.forget_searches.connect(self._forget_searches)
        side.show_photos.connect(self._all_photos)
        side.show_problems.connect(self.show_problems)
        grid = self.results.grid
        grid.near_end.connect(self.browsing.more)
        self.results.notice.pressed.connect(self._dismiss_notice)
        self.results.news_band.pressed.connect(self.searching.repeat)
        self.photo.opened.connect(self._photo_opened)
        self.photo.closed.connect(self._photo_closed)
        self.photo.find_alike.connect(self._find_alike)
        self.problems_page.closed.connect(self._back_to_grid)
        self.problems_page.retry.connect(self.problems.retry)

    def _connect_controllers(self) -> None:
        self._session.events.status_changed.connect(self._status_changed)
        self._session.events.changed.connect(self._library_changed)
        self.searching.started.connect(self._search_started)
        self.searching.resumed.connect(self._search_resumed)
        self.searching.updated.connect(self._search_updated)
        self.searching.failed.connect(self._search_failed)
        self.searching.cleared.connect(self._search_cleared)
        self.browsing.loaded.connect(self._photos_loaded)
        self.folders.added.connect(self._folder_added)
        self.folders.removed.connect(self._folder_removed)
        self.folders.rescanning.connect(self._rescanning)
        self.folders.failed.connect(self._tell_problem)
        self.problems.retried.connect(self._retried)

    def _connect_commands(self) -> None:
        for name, call in (
            ("back", self._back),
            ("pause", self.folders.toggle_pause),
            ("rescan", self.folders.rescan),
        ):
            self._window.commands[name].triggered.connect(call)

    # -- pages -----------------------------------------------------------------------------

    def _show(self, page) -> None:
        self._page = page
        self._refresh_page()

    def _refresh_page(self) -> None:
        """Show the wanted page, or the words that stand in its place."""
        window, status = self._window, self._session.events.status
        self._message = None
        window.set_welcoming(
            self._page is self.results and status is not None and not status.folders
        )
        window.sidebar.mark_place(
            photos=self._page is self.results and self.searching.query is None,
            problems=self._page is self.problems_page,
        )
        if self._page is not self.results:
            window.show_page(self._page)
        elif status is None:
            window.show_opening()
            window.search_bar.field.setEnabled(True)
        elif not status.folders:
            window.show_page(window.first_run)
        elif self.searching.query is not None and self._no_hits is None:
            window.show_page(self.results)
        else:
            self._message = self._no_hits or empty_states.empty_library(status)
            if self._message is None:
                window.show_page(self.results)
            else:
                m = self._message
                window.message_page.show_message(
                    m.title, m.body, icon=m.icon, button=m.button, progress=m.progress
                )
                window.show_page(window.message_page)

    def _message_action(self) -> None:
        actions = {
            "resume": self.folders.toggle_pause,
            "problems": self.show_problems,
            "photos": self._all_photos,
        }
        if self._message is not None:
            actions[self._message.action]()

    def show_problems(self) -> None:
        self.photo.leave()
        self.problems.refresh()
        self._show(self.problems_page)
        self.problems_page.table.setFocus()

    def _back_to_grid(self) -> None:
        self.photo.leave()
        self._show(self.results)
        self._focus_results()

    def _back(self) -> None:
        """Esc: one step towards all photos."""
        field = self._window.search_bar.field
        if self.photo.is_open:
            self.photo.close_photo()
        elif self._page is not self.results:
            self._back_to_grid()
        elif isinstance(self._window.focusWidget(), QLineEdit) and not field.text():
            self._focus_results()
        elif self._window.isFullScreen() and self.searching.query is None:
            self._window.toggle_fullscreen()
        else:
            field.clear()
            self.searching.clear()

    def _focus_results(self) -> None:
        self.results.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def _all_photos(self) -> None:
        self.photo.leave()
        self._window.search_bar.set_text("")
        self._page = self.results
        self.searching.clear()
        self._refresh_page()

    # -- the library -----------------------------------------------------------------------

    def _status_changed(self, status: LibraryStatus) -> None:
        self._window.sidebar.show_status(status)
        self._window.status_line.show_status(status)
        self._refresh_page()

    def _library_changed(self, changes: LibraryChanges) -> None:
        if changes.photos:
            self._session.thumbnails.forget(changes.photos)
            self.browsing.note_changes(changes.photos)
            self.photo.note_changes(changes.photos)
            if self.searching.query is not None:
                self._tell_news(self._news | changes.photos)
        elif changes.folders and self.browsing.active:
            self.browsing.show()
        if changes.profile and self.searching.query is not None:
            # Other models answer now: every hit may have another place and another outline.
            self._tell_news(hit.photo.id for hit in self.model.rows)
        if changes.problems:
            self.problems.refresh()

    def _tell_news(self, photos: Iterable[PhotoId]) -> None:
        """Photos whose place in the hits may have changed; the hits stay until that is wanted."""
        self._news = set(photos)
        count = text.photos(len(self._news))
        self.results.news_band.say(text.CHANGED_SINCE.format(photos=count) if photos else "")

    def _photos_loaded(self) -> None:
        self._refresh_page()

    def _cannot_follow(self, error: BaseException) -> None:
        """The library can still be searched."""
        if not isinstance(error, EngineError):
            raise error
        self._window.toast.say(error.message)

    def _choose_folder(self) -> None:
        folder = self._window.dialogs.choose_folder()
        if folder is not None:
            self.folders.add(folder)

    def _add_folders(self, folders: Sequence[Path]) -> None:
        for folder in folders:
            self.folders.add(folder)

    def _add_samples(self) -> None:
        self.folders.add_samples(resources_dir() / "samples")

    def _not_a_folder(self) -> None:
        self._window.toast.say(text.DROP_NOT_FOLDER)

    def _remove_folder(self, folder: Folder) -> None:
        if self._window.dialogs.confirm_remove(folder):
            self.folders.remove(folder)

    def _folder_added(self, folder: Folder) -> None:
        self._window.toast.say(text.FOLDER_ADDED.format(name=folder.path.name))

    def _folder_removed(self, folder: Folder) -> None:
        self._window.toast.say(text.FOLDER_REMOVED.format(name=folder.path.name))
        if self.browsing.active:
            self.browsing.show()
        else:
            self.searching.repeat()

    def _rescanning(self) -> None:
        self._window.toast.say(text.RESCANNING)

    def _retried(self, count: int) -> None:
        self._window.toast.say(text.RETRIED.format(count=text.count(count, "file")))

    def _tell_problem(self, error: EngineError) -> None:
        self._window.dialogs.tell_problem(error)

    # -- searches --------------------------------------------------------------------------

    def _submitted(self, words: str) -> None:
        self._remember(words)
        self.searching.submit(words)

    def _search_again(self, words: str) -> None:
        self._window.search_bar.set_text(words)
        self._submitted(words)

    def _remember(self, words: str) -> None:
        self._state.remember_search(words)
        self._window.sidebar.show_recent(self._state.recent_searches)

    def _forget_searches(self) -> None:
        self._state.forget_searches()
        self._window.sidebar.show_recent([])

    def _find_alike(self, hit: SearchHit) -> None:
        self.photo.leave()
        self._window.search_bar.set_text("")
        self.searching.find_alike(hit)

    def _search_started(self, query: Query) -> None:
        self.photo.leave()
        self._page = self.results
        self._no_hits = None
        self._fresh = True
        self._tell_news(())
        self.browsing.leave()
        bar = self._window.search_bar
        bar.set_busy(True)
        name = query.like.photo.path.name if query.like is not None else ""
        bar.show_chip(text.LIKE_CHIP.format(name=name) if name else "")

    def _search_resumed(self, query: Query) -> None:
        """The same once more: whoever looks at a hit goes on looking at it."""
        self._tell_news(())
        self._window.search_bar.set_busy(True)

    def _search_updated(self, query: Query, result: SearchResult) -> None:
        self._window.search_bar.set_busy(not result.complete)
        status = self._session.events.status
        pending = status.pending if status is not None else 0
        self._no_hits = None
        if not result.hits and result.complete:
            self._no_hits = empty_states.nothing_found(
                query.text, pending, alike=query.like is not None, note=result.note
            )
        first, self._fresh = self._fresh, False
        self._show_hits(result, fresh=first)
        self.results.verdict_band.say(self._words_above(query, result, pending))
        self._offer_notice(result.profile)
        if first:
            self.results.grid.scrollToTop()
        if self._page is self.results:
            self._refresh_page()
        self.photo.inspect()

    def _show_hits(self, result: SearchResult, *, fresh: bool) -> None:
        followed = self._anchor.forget() if fresh else self._anchor.hold()
        if self.photo.is_open:
            followed = self.photo.current_hit().photo.id
        self.model.show_hits(
            result.hits,
            fresh=fresh,
            waiting=waiting(result),
            looker=result.reranker,
            keep=followed,
        )
        self._anchor.settle()

    def _words_above(self, query: Query, result: SearchResult, pending: int) -> str:
        parts = []
        looking = result.to_look_at and not result.complete
        if result.hits and self.model.good_hits == 0 and not looking:
            shown = text.LIKE_QUERY if query.like is not None else query.text
            if pending:
                parts.append(text.INCOMPLETE_NOTE.format(pending=text.number(pending)))
            parts.append(text.NO_HIT_CLOSEST.format(query=shown))
        if result.note and not result.request.verify:
            parts.append(result.note)  # with a closer look, the band of that says it
        return " ".join(parts)

    def _search_failed(self, query: Query, error: BaseException) -> None:
        self._window.search_bar.set_busy(False)
        if not isinstance(error, EngineError):
            raise error
        body = f"{error.message} {error.hint or ''}".strip()
        self._no_hits = Message(text.SEARCH_FAILED, body, "problem")
        self._refresh_page()

    def _search_cleared(self) -> None:
        self._no_hits = None
        bar = self._window.search_bar
        bar.set_busy(False)
        bar.show_chip("")
        self.results.verdict_band.say("")
        self._tell_news(())
        self.photo.leave()
        self._page = self.results
        self.browsing.show()
        self.results.grid.scrollToTop()
        self._refresh_page()

    def _offer_notice(self, profile: str) -> None:
        wanted = profile.startswith(STARTER_PROFILE)
        if wanted and not self._state.flag("starter_notice_read", False):
            self.results.notice.say(text.STARTER_NOTICE)

    def _dismiss_notice(self) -> None:
        self._state.set_flag("starter_notice_read", True)
        self.results.notice.say("")

    # -- one photo -------------------------------------------------------------------------

    def _photo_opened(self) -> None:
        if self.searching.query is not None and self.searching.query.text:
            self._remember(self.searching.query.text)
        self._show(self.photo.view)

    def _photo_closed(self) -> None:
        self._show(self.results)
        self._focus_results()
