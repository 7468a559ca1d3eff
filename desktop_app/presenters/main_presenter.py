"""Builds the other presenters and decides which page the window shows."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from desktop_app.bridge.session import Session
from desktop_app.controllers import empty_states
from desktop_app.controllers.browsing import BrowseController
from desktop_app.controllers.empty_states import Message
from desktop_app.controllers.folders import FolderController
from desktop_app.controllers.problems import ProblemController
from desktop_app.controllers.searching import SearchController
from desktop_app.item_models.photo_grid import PhotoGridModel
from desktop_app.item_models.problems import ProblemModel
from desktop_app.presenters.correction_presenter import CorrectionPresenter
from desktop_app.presenters.export_presenter import ExportPresenter
from desktop_app.presenters.folder_presenter import FolderPresenter
from desktop_app.presenters.library_presenter import LibraryPresenter
from desktop_app.presenters.models_presenter import ModelsPresenter
from desktop_app.presenters.photo_menus import PhotoMenus
from desktop_app.presenters.photo_presenter import PhotoPresenter
from desktop_app.presenters.search_presenter import SearchPresenter
from desktop_app.presenters.second_look_presenter import SecondLookPresenter
from desktop_app.presenters.settings_presenter import SettingsPresenter
from desktop_app.presenters.view_presenter import ViewPresenter
from desktop_app.ui_state import UiState
from desktop_app.views.main_window import MainWindow
from desktop_app.views.pages.problems_page import ProblemsPage
from desktop_app.views.pages.results_page import ResultsPage


class MainPresenter(QObject):
    """Holds the controllers, pages and presenters of one open library.

    The current page is one of results, photo view, problems, models and settings. Where the
    results page has nothing to show, the window shows a message or the first-run page instead.
    """

    def __init__(self, window: MainWindow, session: Session, state: UiState) -> None:
        super().__init__(window)
        self._window, self._session, self._state = window, session, state
        library, reads, theme = session.library, session.reads, window.theme
        self.model = PhotoGridModel(self)
        problem_model = ProblemModel(self)
        self.searching = SearchController(library, session.jobs, self)
        self.browsing = BrowseController(library, reads, self.model, self)
        self.folders = FolderController(library, reads, session.events, self)
        self.problems = ProblemController(library, reads, problem_model, self)
        self.results = ResultsPage(session, self.model, theme)
        self.photo = PhotoPresenter(
            window, session, state, self.model, self.results.grid, self.searching
        )
        self.problems_page = ProblemsPage(problem_model, theme)
        self.models = ModelsPresenter(window, session)
        self.settings = SettingsPresenter(window, session)
        for page in (
            self.results,
            self.photo.view,
            self.problems_page,
            self.models.page,
            self.settings.page,
        ):
            window.add_page(page)
        self.view = ViewPresenter(window, state, self.model, self.results)
        self.exports = ExportPresenter(
            window, session, state, self.results, self.photo, self.searching
        )
        self.corrections = CorrectionPresenter(
            window, session, self.model, self.results.grid, self.photo, self.searching
        )
        self.menus = PhotoMenus(window, self.photo, self.corrections, self.results.grid)
        self._page: QWidget = self.results
        self._message: Message | None = None
        self.search = SearchPresenter(
            window,
            session,
            state,
            self.model,
            self.results,
            self.searching,
            self.browsing,
            self.photo,
        )
        self.library = LibraryPresenter(
            window,
            session,
            self.browsing,
            self.searching,
            self.folders,
            self.problems,
            self.photo,
            self.search,
        )
        self.folder = FolderPresenter(window, session, self.browsing, self.searching)
        self.second_look = SecondLookPresenter(
            window, session, state, self.searching, self.results.second_look_bar
        )
        self._connect()

    def start(self) -> None:
        """Show the library and begin to follow its changes."""
        window = self._window
        window.inspector.set_session(self._session)
        window.search_bar.field.setEnabled(True)
        window.sidebar.show_recent(self._state.recent_searches)
        self.library.start()
        window.search_bar.focus()

    def _connect(self) -> None:
        window = self._window
        window.message_page.action.connect(self._message_action)
        window.search_bar.field.down_pressed.connect(self._focus_results)
        window.sidebar.show_photos.connect(self._show_all_photos)
        window.sidebar.show_problems.connect(self.show_problems)
        window.sidebar.show_models.connect(self.models.show)
        window.sidebar.show_settings.connect(self.settings.show)
        window.commands["all_photos"].triggered.connect(self._show_all_photos)
        window.commands["problems"].triggered.connect(self.show_problems)
        window.commands["back"].triggered.connect(self._back)
        self.results.grid.near_end.connect(self.browsing.load_more)
        self.photo.opened.connect(self._photo_opened)
        self.photo.closed.connect(self._photo_closed)
        for page in (self.problems_page, self.models.page, self.settings.page):
            page.closed.connect(self._back_to_grid)
        self.models.requested.connect(self._show_models)
        self.settings.requested.connect(self._show_settings)
        self.settings.changed.connect(self.second_look.models_changed)
        self.models.models_changed.connect(self.second_look.models_changed)
        self.library.model_files_dropped.connect(self.models.import_files)
        self.library.profile_changed.connect(self.models.profile_changed)
        self.problems_page.retry.connect(self.problems.retry)
        self.problems_page.show_requested.connect(window.shell.show_in_folder)
        self.browsing.loaded.connect(self._refresh_page)
        self.search.results_requested.connect(self._select_results)
        self.search.content_changed.connect(self._refresh_page)
        self.library.status_shown.connect(self._refresh_page)

    # -- pages -----------------------------------------------------------------------------

    def _select_results(self) -> None:
        """Make the results page the current one; it is shown with the next refresh."""
        self._page = self.results

    def _show(self, page: QWidget) -> None:
        self._page = page
        self._refresh_page()

    def _refresh_page(self) -> None:
        """Show the current page, or the message or first-run page that replaces it."""
        window, status = self._window, self._session.events.status
        self._message = None
        window.set_first_run(
            self._page is self.results and status is not None and not status.folders
        )
        window.sidebar.mark_current_page(
            photos=self._page is self.results and self.searching.query is None,
            problems=self._page is self.problems_page,
            models=self._page is self.models.page,
            settings=self._page is self.settings.page,
        )
        if self._page is not self.results:
            window.show_page(self._page)
        elif status is None:
            window.show_opening()
            window.search_bar.field.setEnabled(True)
        elif not status.folders:
            window.show_page(window.first_run)
        elif self.searching.query is not None and self.search.empty_message is None:
            window.show_page(self.results)
        else:
            self._message = self.search.empty_message or empty_states.empty_library(status)
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
            "photos": self._show_all_photos,
        }
        if self._message is not None:
            actions[self._message.action]()

    def show_problems(self) -> None:
        """Go to the list of problems."""
        self.photo.deactivate()
        self.problems.refresh()
        self._show(self.problems_page)
        self.problems_page.table.setFocus()

    def _show_models(self) -> None:
        self.photo.deactivate()
        self._show(self.models.page)
        self.models.page.import_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_settings(self) -> None:
        self.photo.deactivate()
        self._show(self.settings.page)
        self.settings.page.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_all_photos(self) -> None:
        self.photo.deactivate()
        self._window.search_bar.set_text("")
        self._page = self.results
        self.searching.clear()
        self._refresh_page()

    def _back_to_grid(self) -> None:
        self.photo.deactivate()
        self._show(self.results)
        self._focus_results()

    def _back(self) -> None:
        """Esc: one step back towards all photos."""
        field = self._window.search_bar.field
        if self.photo.is_open:
            self.photo.close_photo()
        elif self._page is not self.results:
            self._back_to_grid()
        elif self.exports.several_selected:
            self.exports.select_none()
        elif isinstance(self._window.focusWidget(), QLineEdit) and not field.text():
            self._focus_results()
        elif self._window.isFullScreen() and self.searching.query is None:
            self._window.toggle_fullscreen()
        else:
            field.clear()
            self.searching.clear()

    def _focus_results(self) -> None:
        self.results.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def _photo_opened(self) -> None:
        self.search.record_current_query()
        self._show(self.photo.view)

    def _photo_closed(self) -> None:
        self._show(self.results)
        self._focus_results()
