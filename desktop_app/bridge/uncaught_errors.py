"""Exceptions that nobody caught: one log entry each, one dialog."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable

from desktop_app.bridge.main_thread_queue import MainThreadQueue
from engine.errors import Cancelled, EngineError

log = logging.getLogger(__name__)


class UncaughtErrors:
    """Installed as the hooks of ``sys`` and ``threading``.

    An ``EngineError`` is told as it stands; anything else is a mistake of ours: its traceback
    goes to the log and people read one plain sentence. ``Cancelled`` is no error.
    """

    def __init__(
        self,
        main_thread: MainThreadQueue,
        *,
        tell_problem: Callable[[EngineError], None],
        tell_mistake: Callable[[], None],
    ) -> None:
        self._main_thread = main_thread
        self._tell_problem, self._tell_mistake = tell_problem, tell_mistake
        self._before = (sys.excepthook, threading.excepthook)

    def install(self) -> None:
        sys.excepthook = self._on_main
        threading.excepthook = self._on_thread

    def uninstall(self) -> None:
        sys.excepthook, threading.excepthook = self._before

    def report(self, error: BaseException) -> None:
        """Any thread."""
        if isinstance(error, Cancelled):
            return
        if isinstance(error, KeyboardInterrupt | SystemExit):
            self._before[0](type(error), error, error.__traceback__)
        elif isinstance(error, EngineError):
            log.warning("%s: %s", error.operation, error)
            self._main_thread.post(self._tell_problem, error)
        else:
            log.error("uncaught", exc_info=(type(error), error, error.__traceback__))
            self._main_thread.post(self._tell_mistake)

    def _on_main(self, kind, error, trace) -> None:
        self.report(error)

    def _on_thread(self, args) -> None:
        if args.exc_value is not None:
            self.report(args.exc_value)
