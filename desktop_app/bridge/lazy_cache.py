"""A cache whose values are loaded on worker threads when a view first asks for them."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop_app.bridge.main_thread_queue import MainThreadQueue
from desktop_app.bridge.workers import Workers
from engine.errors import EngineError

log = logging.getLogger(__name__)

MISSING_COST_BYTES = 64
"""Counted for a key without a value."""


class LazyCache(QObject):
    """A least-recently-used cache; ``get`` never blocks and has a missing value loaded.

    The newest request is served first, and at most ``queue_limit`` requests wait: after a fast
    scroll through a million photos the oldest requests are dropped instead of served.

    Args:
        load: runs on a worker thread; returns the value, or None if there is no value (cached too).
        finish: last step of loading, on the GUI thread (QImage to QPixmap).
        cost: bytes that a finished value takes.
        budget: bytes kept; the least recently used values are removed first.

    Signals:
        ready(list): keys that have just become available.
    """

    ready = Signal(object)

    def __init__(
        self,
        main_thread: MainThreadQueue,
        name: str,
        load: Callable[[Any], Any],
        *,
        finish: Callable[[Any], Any] = lambda value: value,
        cost: Callable[[Any], int] = lambda value: 1,
        budget: int,
        threads: int = 1,
        queue_limit: int = 200,
    ) -> None:
        super().__init__()
        self._main_thread = main_thread
        self._load, self._finish, self._cost = load, finish, cost
        self._budget, self._used_bytes = budget, 0
        self._entries: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._requests: deque[tuple[Hashable, Any]] = deque()
        self._queue_limit = queue_limit
        self._requested: set[Hashable] = set()
        self._newly_ready: list[Hashable] = []
        self._condition = threading.Condition()
        self._stopping = False
        self._workers = Workers(name, threads, self._serve)

    def get(self, key: Hashable, source: Any = None) -> Any:
        """Returns the value; None while it is being loaded, and where there is none. GUI thread.

        Args:
            source: the argument of ``load``; the key itself if None.
        """
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
            return entry[0]
        with self._condition:
            if key not in self._requested and not self._stopping:
                self._requested.add(key)
                self._requests.append((key, key if source is None else source))
                if len(self._requests) > self._queue_limit:
                    self._requested.discard(self._requests.popleft()[0])
                self._condition.notify()
        return None

    def known_missing(self, key: Hashable) -> bool:
        """True if loading has ended without a value."""
        entry = self._entries.get(key)
        return entry is not None and entry[0] is None

    def remove(self, keys: Iterable[Hashable]) -> None:
        """Remove values, so that they are loaded again when they are next asked for."""
        for key in keys:
            _, cost = self._entries.pop(key, (None, 0))
            self._used_bytes -= cost

    @property
    def used_bytes(self) -> int:
        """Bytes of all cached values."""
        return self._used_bytes

    @property
    def waiting_requests(self) -> int:
        """Requests that no worker has begun."""
        return len(self._requests)

    def stop(self) -> None:
        """Drop all waiting requests and end the threads. Does not wait; see ``join``."""
        with self._condition:
            self._stopping = True
            self._requests.clear()
            self._condition.notify_all()

    def join(self, timeout_s: float) -> bool:
        """Wait for the threads; False if one is still busy."""
        return self._workers.join(timeout_s)

    def _serve(self) -> None:
        while True:
            with self._condition:
                while not self._requests and not self._stopping:
                    self._condition.wait()
                if self._stopping:
                    return
                key, source = self._requests.pop()
            value = None
            try:
                value = self._load(source)
            except EngineError as error:
                log.info("%s: %s", key, error)
            except Exception:
                if not self._stopping:
                    log.exception("could not make %s", key)
            self._main_thread.post(self._store, key, value)

    def _store(self, key: Hashable, value: Any) -> None:
        with self._condition:
            self._requested.discard(key)
        finished = None if value is None else self._finish(value)
        cost = MISSING_COST_BYTES if finished is None else self._cost(finished)
        self._entries[key] = (finished, cost)
        self._used_bytes += cost
        while self._used_bytes > self._budget and len(self._entries) > 1:
            _, (_, freed) = self._entries.popitem(last=False)
            self._used_bytes -= freed
        if not self._newly_ready:
            self._main_thread.post(self._emit_ready)
        self._newly_ready.append(key)

    def _emit_ready(self) -> None:
        keys, self._newly_ready = self._newly_ready, []
        self.ready.emit(keys)
