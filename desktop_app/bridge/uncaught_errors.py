"""Reports uncaught exceptions in the log and in a dialog."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from types import TracebackType

from desktop_app.bridge.main_thread_queue import MainThreadQueue
from engine.errors import Cancelled, EngineError

log = logging.getLogger(__name__)


class UncaughtErrors:
    """Installed as the hooks of ``sys`` and ``threading``.

    The message of an ``EngineError`` is shown as it is. Any other exception is a bug: its traceback
    goes to the log, and the dialog shows a general sentence. ``Cancelled`` is not an error.

    Args:
        show_problem, show_internal_error: called on the GUI thread.
    """

    def __init__(
        self,
        main_thread: MainThreadQueue,
        *,
        show_problem: Callable[[EngineError], None],
        show_internal_error: Callable[[], None],
    ) -> None:
        self._main_thread = main_thread
        self._show_problem, self._show_internal_error = show_problem, show_internal_error
        self._previous_hooks = (sys.excepthook, threading.excepthook)

    def install(self) -> None:
        """Set the hooks."""
        sys.excepthook = self._on_main
        threading.excepthook = self._on_thread

    def uninstall(self) -> None:
        """Restore the hooks that were there when this object was created."""
        sys.excepthook, threading.excepthook = self._previous_hooks

    def report(self, error: BaseException) -> None:
        """Log an exception and have it shown. Any thread."""
        if isinstance(error, Cancelled):
            return
        if isinstance(error, KeyboardInterrupt | SystemExit):
            self._previous_hooks[0](type(error), error, error.__traceback__)
        elif isinstance(error, EngineError):
            log.warning("%s: %s", error.operation, error)
            self._main_thread.post(self._show_problem, error)
        else:
            log.error("uncaught", exc_info=(type(error), error, error.__traceback__))
            self._main_thread.post(self._show_internal_error)

    def _on_main(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self.report(error)

    def _on_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self.report(args.exc_value)
