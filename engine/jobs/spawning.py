"""Conditions under which a child process is spawned."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from typing import Any

from engine.jobs.worker_child import HandlerFactory


@contextlib.contextmanager
def without_interrupts() -> Iterator[None]:
    """Block Ctrl-C in this thread: SIGINT could arrive before the new child ignores it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # starting it later would unblock what is blocked here
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def without_main(handler_factory: HandlerFactory) -> Iterator[None]:
    """Hide ``__main__`` from the new child, unless ``handler_factory`` is defined in it.

    A spawned child imports ``__main__`` otherwise. A script may lack the
    ``if __name__ == "__main__"`` that spawning needs, or may import a window toolkit.
    """
    main = sys.modules.get("__main__")
    function = getattr(handler_factory, "func", handler_factory)
    if main is None or getattr(function, "__module__", None) == "__main__":
        yield
        return
    hidden: dict[str, Any] = {
        key: main.__dict__[key] for key in ("__spec__", "__file__") if key in main.__dict__
    }
    main.__dict__.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        main.__dict__.update(hidden)
