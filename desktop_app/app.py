"""Builds the application and holds it together: window, library, the way out."""

from __future__ import annotations

import logging
import logging.handlers
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from desktop_app import text
from desktop_app.bridge.main_thread_queue import MainThreadQueue
from desktop_app.bridge.session import Session
from desktop_app.bridge.uncaught_errors import UncaughtErrors
from desktop_app.presenters.presenter import Presenter
from desktop_app.ui_state import UiState
from desktop_app.views.main_window import MainWindow
from desktop_app.views.painting.theme import Theme
from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.library import Library

log = logging.getLogger(__name__)

CLOSE_S = 4.5


class Desktop(QObject):
    """The frame is shown first; the library is opened on a thread and moves in when it is ready.

    Attributes:
        window: there from the start.
        presenter, session: None until the library is open.

    Signals:
        ready(): the library has moved in.
        closed(): everything has ended.
    """

    ready = Signal()
    closed = Signal()

    def __init__(
        self,
        app: QApplication,
        root: Path,
        *,
        theme: Theme | None = None,
        open_library: Callable[[Path], Library] | None = None,
    ) -> None:
        """Args:
        open_library: worker thread; instead of ``Library.open``.
        """
        super().__init__()
        self._root = root
        self._open_library = open_library or _open_library
        self._state = UiState(root)
        self._main_thread = MainThreadQueue()
        self.window = MainWindow(theme or Theme(app), self._state)
        self.window.closing.connect(self.close)
        self.errors = UncaughtErrors(
            self._main_thread,
            tell_problem=self._tell_problem,
            tell_mistake=self._tell_mistake,
        )
        self.session: Session | None = None
        self.presenter: Presenter | None = None
        self._opener: threading.Thread | None = None
        self._late: Library | None = None
        self._log_handler: logging.Handler | None = None
        self._closed = False

    def show(self) -> None:
        self.window.show_opening()
        self.window.show()
        self._open()

    def close(self) -> None:
        """End everything, in a few seconds at most. The window is hidden by then."""
        if self._closed:
            return
        self._closed = True
        if self._opener is not None:
            self._opener.join(CLOSE_S)
        self._main_thread.close()
        if self.session is not None:
            self.session.close(CLOSE_S)
        elif self._late is not None:
            self._late.close(CLOSE_S)
        if self._log_handler is not None:
            logging.getLogger().removeHandler(self._log_handler)
            self._log_handler.close()
        self.closed.emit()

    def _open(self) -> None:
        self._opener = threading.Thread(target=self._open_late, name="pickout-ui-open", daemon=True)
        self._opener.start()

    def _open_late(self) -> None:
        """Worker thread."""
        # While it is imported, OpenCV's own folder leads sys.path. A child process started in that
        # moment inherits it and dies at its first import, so this comes before there can be one.
        import cv2  # noqa: F401

        try:
            self._late = self._open_library(self._root)
        except EngineError as error:
            self._main_thread.post(self._cannot_open, error)
        except Exception as error:
            self.errors.report(error)
        else:
            self._main_thread.post(self._opened)

    def _opened(self) -> None:
        library, self._late = self._late, None
        if library is None:
            return
        self._keep_log()
        self.session = Session(library, self._root, self._main_thread, self.errors.report)
        self.presenter = Presenter(self.window, self.session, self._state)
        self.presenter.start()
        self.ready.emit()

    def _cannot_open(self, error: EngineError) -> None:
        log.info("%s", error)
        if self.window.dialogs.cannot_open(error):
            self._open()
        else:
            self.window.close()

    def _tell_problem(self, error: EngineError) -> None:
        self.window.dialogs.tell_problem(error)

    def _tell_mistake(self) -> None:
        self.window.dialogs.tell_mistake()

    def _keep_log(self) -> None:
        try:
            handler = logging.handlers.RotatingFileHandler(
                self._root / "pickout.log", maxBytes=1_000_000, backupCount=2, encoding="utf-8"
            )
        except OSError:
            return  # a library on a read-only disk works without a log
        handler.setLevel(logging.INFO)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logging.getLogger().addHandler(handler)
        self._log_handler = handler


def _open_library(root: Path) -> Library:
    """The engine's modules are first imported here, on a thread, after the first frame."""
    from engine.library import Library

    return Library.open(root)


def run(root: Path, argv: list[str]) -> int:
    """Show the window on the library in ``root`` until it is closed; the exit status."""
    app = QApplication(argv)
    app.setApplicationName("pickout")
    app.setApplicationDisplayName(text.APP_NAME)
    app.setDesktopFileName("pickout")
    app.setAttribute(Qt.ApplicationAttribute.AA_DontShowIconsInMenus, True)
    desktop = Desktop(app, root)
    desktop.errors.install()
    # Python sees the signal at its next byte code; the library is polled twice a second. That may
    # be in the middle of painting, so the window is closed later, from the event loop.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: QTimer.singleShot(0, desktop.window.close))
    desktop.closed.connect(app.quit)
    app.aboutToQuit.connect(desktop.close)
    desktop.show()
    status = app.exec()
    desktop.close()
    desktop.errors.uninstall()
    return status
