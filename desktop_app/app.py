"""Builds the application: opens window and library, and closes both."""

from __future__ import annotations

import logging
import logging.handlers
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from desktop_app.bridge.garbage_collector import GuiThreadGarbageCollector
from desktop_app.bridge.main_thread_queue import MainThreadQueue
from desktop_app.bridge.session import Session
from desktop_app.bridge.uncaught_errors import UncaughtErrors
from desktop_app.presenters.main_presenter import MainPresenter
from desktop_app.text import window_text
from desktop_app.ui_state import UiState
from desktop_app.views.dialogs import RestoreChoice
from desktop_app.views.main_window import MainWindow
from desktop_app.views.painting.theme import Theme
from engine.errors import EngineError, NotALibrary, StoreDamaged
from engine.records import Backup, BackupKind, RestoreReport

if TYPE_CHECKING:
    from engine.library import Library

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_S = 4.5
"""For each of: the thread that opens the library, the session."""


class Desktop(QObject):
    """Shows the empty window first and opens the library on a thread meanwhile.

    Attributes:
        window: created at once.
        errors: reports uncaught exceptions.
        presenter, session: None until the library is open.

    Signals:
        ready(): the library is open and shown.
        closed(): all threads and the library have ended.
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
        """Create the window, without showing it.

        Args:
            root: folder of the library.
            open_library: replaces ``Library.open``; called on a worker thread.
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
            show_problem=self._show_problem,
            show_internal_error=self._show_internal_error,
        )
        self.session: Session | None = None
        self.presenter: MainPresenter | None = None
        self._opening_thread: threading.Thread | None = None
        self._opened_library: Library | None = None
        self._log_handler: logging.Handler | None = None
        self._closed = False

    def show(self) -> None:
        """Show the window and begin to open the library."""
        self.window.show_opening()
        self.window.show()
        self._open()

    def close(self) -> None:
        """End all threads and the library within seconds. The window has been hidden before."""
        if self._closed:
            return
        self._closed = True
        if self._opening_thread is not None:
            self._opening_thread.join(CLOSE_TIMEOUT_S)
        self._main_thread.close()
        if self.session is not None:
            self.session.close(CLOSE_TIMEOUT_S)
        elif self._opened_library is not None:
            self._opened_library.close(CLOSE_TIMEOUT_S)
        if self._log_handler is not None:
            logging.getLogger().removeHandler(self._log_handler)
            self._log_handler.close()
        self.closed.emit()

    def _open(self) -> None:
        self._start_thread(self._open_on_thread)

    def _start_thread(self, work: Callable[[], None]) -> None:
        self._opening_thread = threading.Thread(target=work, name="pickout-ui-open", daemon=True)
        self._opening_thread.start()

    def _open_on_thread(self) -> None:
        """Worker thread."""
        # While OpenCV is imported, its own folder comes first in sys.path. A child process that is
        # started then inherits this and fails at its first import. So it is imported before any.
        import cv2  # noqa: F401

        try:
            self._opened_library = self._open_library(self._root)
        except StoreDamaged as error:
            from engine.library import restoring

            backups = restoring.backups_of(self._root)
            if isinstance(error, NotALibrary) and not backups:  # there is nothing to save
                self._main_thread.post(self._opening_failed, error)
            else:
                self._main_thread.post(self._offer_restore, error, backups)
        except EngineError as error:
            self._main_thread.post(self._opening_failed, error)
        except Exception as error:
            self.errors.report(error)
        else:
            self._main_thread.post(self._opened)

    def _opened(self) -> None:
        library, self._opened_library = self._opened_library, None
        if library is None:
            return
        self._start_log_file()
        self.session = Session(library, self._root, self._main_thread, self.errors.report)
        self.presenter = MainPresenter(self.window, self.session, self._state)
        self.presenter.start()
        self.ready.emit()

    def _opening_failed(self, error: EngineError) -> None:
        log.info("%s", error)
        if self.window.dialogs.cannot_open(error):
            self._open()
        else:
            self.window.close()

    def _offer_restore(self, error: StoreDamaged, backups: Sequence[Backup]) -> None:
        log.info("%s", error)
        made = [one for one in backups if one.kind is not BackupKind.RESTORE_POINT]
        match self.window.dialogs.offer_restore(error, made[0] if made else None):
            case RestoreChoice.RESTORE:
                self._start_thread(lambda: self._restore_on_thread(salvage=not made))
            case RestoreChoice.TRY_AGAIN:
                self._open()
            case RestoreChoice.QUIT:
                self.window.close()

    def _restore_on_thread(self, salvage: bool) -> None:
        """Worker thread."""
        from engine.library import restoring

        try:
            report = (restoring.salvage if salvage else restoring.restore)(self._root)
        except EngineError as error:
            self._main_thread.post(self._opening_failed, error)
        except Exception as error:
            self.errors.report(error)
        else:
            self._main_thread.post(self._restored, report)

    def _restored(self, report: RestoreReport) -> None:
        self.window.dialogs.show_restored(report)
        self._open()

    def _show_problem(self, error: EngineError) -> None:
        self.window.dialogs.show_problem(error)

    def _show_internal_error(self) -> None:
        self.window.dialogs.show_internal_error()

    def _start_log_file(self) -> None:
        try:
            handler = logging.handlers.RotatingFileHandler(
                self._root / "pickout.log",
                maxBytes=1_000_000,
                backupCount=2,
                encoding="utf-8",
                errors="backslashreplace",  # names of files need not be text
            )
        except OSError:
            return  # a library on a read-only disk works without a log file
        handler.setLevel(logging.INFO)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logging.getLogger().addHandler(handler)
        self._log_handler = handler


def _open_library(root: Path) -> Library:
    """Open a library; imports the engine here, on a thread, after the window has been shown."""
    from engine.library import Library

    return Library.open(root)


def run(
    root: Path, argv: list[str], *, shown: Callable[[Desktop], None] = lambda desktop: None
) -> int:
    """Show the window on the library in ``root`` until it is closed; returns the exit status.

    Args:
        shown: called once the window is shown, before the event loop begins.
    """
    app = QApplication(argv)
    app.setApplicationName("pickout")
    app.setApplicationDisplayName(window_text.APP_NAME)
    app.setDesktopFileName("pickout")
    app.setAttribute(Qt.ApplicationAttribute.AA_DontShowIconsInMenus, True)
    desktop = Desktop(app, root)
    desktop.errors.install()
    # Python handles a signal between two byte codes, which run at least twice a second because the
    # library is polled. That may be in the middle of painting, so the event loop closes the window.
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: QTimer.singleShot(0, desktop.window.close))
    garbage_collector = GuiThreadGarbageCollector()
    garbage_collector.start()
    desktop.closed.connect(app.quit)
    app.aboutToQuit.connect(desktop.close)
    desktop.show()
    shown(desktop)
    status = app.exec()
    desktop.close()
    garbage_collector.stop()
    desktop.errors.uninstall()
    return status
