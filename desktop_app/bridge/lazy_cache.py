"""Things made on worker threads when a view first asks for them, kept while there is room."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop_app.bridge.main_thread_queue import MainThreadQueue
from desktop_app.bridge.workers import Workers
from engine.errors import EngineError

log = logging.getLogger(__name__)


class LazyCache(QObject):
    """``get`` answers at once with the value or None, and has a missing one made.

    The newest wish is served first and only ``queue_limit`` wishes are kept: after a fast flick
    through a million photos the stale ones are dropped, not worked off.

    Args:
        load: worker thread; makes a value, None if there is nothing to be had (remembered too).
        finish: GUI thread; the last step (QImage to QPixmap).
        cost: bytes that a finished value takes.
        budget: bytes kept; the least recently used go first.

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
        self._budget, self._spent = budget, 0
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._wishes: deque[tuple[Hashable, Any]] = deque()
        self._queue_limit = queue_limit
        self._wanted: set[Hashable] = set()
        self._arrived: list[Hashable] = []
        self._condition = threading.Condition()
        self._stopping = False
        self._workers = Workers(name, threads, self._serve)

    def get(self, key: Hashable, source: Any = None) -> Any:
        """GUI thread. The value, or None while it is being made or where there is none.

        Args:
            source: what ``load`` is given; the key itself if None.
        """
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept[0]
        with self._condition:
            if key not in self._wanted and not self._stopping:
                self._wanted.add(key)
                self._wishes.append((key, key if source is None else source))
                if len(self._wishes) > self._queue_limit:
                    self._wanted.discard(self._wishes.popleft()[0])
                self._condition.notify()
        return None

    def known_missing(self, key: Hashable) -> bool:
        """True once it is certain that there is nothing to be had."""
        kept = self._kept.get(key)
        return kept is not None and kept[0] is None

    def forget(self, keys) -> None:
        """Make them anew when they are next asked for."""
        for key in keys:
            _, cost = self._kept.pop(key, (None, 0))
            self._spent -= cost

    @property
    def spent(self) -> int:
        """Bytes kept."""
        return self._spent

    @property
    def waiting(self) -> int:
        """Wishes not yet begun."""
        return len(self._wishes)

    def stop(self) -> None:
        with self._condition:
            self._stopping = True
            self._wishes.clear()
            self._condition.notify_all()

    def join(self, timeout_s: float) -> bool:
        """Wait for the threads; False if one is still busy."""
        return self._workers.join(timeout_s)

    def _serve(self) -> None:
        while True:
            with self._condition:
                while not self._wishes and not self._stopping:
                    self._condition.wait()
                if self._stopping:
                    return
                key, source = self._wishes.pop()
            value = None
            try:
                value = self._load(source)
            except EngineError as error:
                log.info("%s: %s", key, error)
            except Exception:
                if not self._stopping:
                    log.exception("could not make %s", key)
            self._main_thread.post(self._keep, key, value)

    def _keep(self, key: Hashable, value: Any) -> None:
        with self._condition:
            self._wanted.discard(key)
        finished = None if value is None else self._finish(value)
        cost = 64 if finished is None else self._cost(finished)
        self._kept[key] = (finished, cost)
        self._spent += cost
        while self._spent > self._budget and len(self._kept) > 1:
            _, (_, freed) = self._kept.popitem(last=False)
            self._spent -= freed
        if not self._arrived:
            self._main_thread.post(self._announce)
        self._arrived.append(key)

    def _announce(self) -> None:
        arrived, self._arrived = self._arrived, []
        self.ready.emit(arrived)
