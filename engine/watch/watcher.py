"""Notices that something changed in a folder. What changed, only a scan can tell."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.watch import mounts
from engine.watch.rescan_schedule import Periods, RescanSchedule

log = logging.getLogger(__name__)

_LOST = "overflowed"
"""Part of the log line by which watchdog says, and that is all it does, that events were lost."""

_LIMIT = "the system's limit for watching folders is reached"
_NETWORK = "they are on a network drive"
_REFUSED = "the system does not report changes there"


class _Root:
    """One watched folder. All fields are the business of the watcher's thread."""

    def __init__(self, path: Path, periods: Periods) -> None:
        self.path = path
        self.timetable = RescanSchedule(periods)
        self.identity: tuple[int, int] | None = None
        self.watch: Any = None
        self.trouble = ""

    @property
    def live(self) -> bool:
        return self.watch is not None


class FolderWatcher:
    """Calls ``on_dirty(root)`` when a folder should be scanned.

    That is: once when watching it has begun (what changed before nobody saw), when something in
    it changed and it is quiet again, when it vanished or came back, when events were lost, and
    from time to time in any case. Folders that cannot be watched are only scanned from time to
    time; ``note`` then says so.

    Thread-safe. ``on_dirty`` is called in the watcher's own thread and should only put the folder
    in a queue; what it raises is logged.

    Args:
        periods: for tests.
        make_observer: makes a ``watchdog`` observer; None for the best one of this system.
    """

    def __init__(
        self,
        on_dirty: Callable[[Path], None],
        *,
        periods: Periods | None = None,
        make_observer: Callable[[], Any] | None = None,
    ) -> None:
        self._on_dirty = on_dirty
        self._periods = periods or Periods()
        self._make_observer = make_observer or _best_observer
        self._wake = threading.Condition()
        self._wanted: dict[Path, _Root] = {}
        self._events: dict[Path, float] = {}  # when the latest came
        self._noisy: set[Path] = set()  # roots whose events the watcher's thread knows of
        self._change_log = False
        self._distrusted = False
        self._closing = False
        self._thread: threading.Thread | None = None
        # What follows belongs to the watcher's thread.
        self._roots: dict[Path, _Root] = {}
        self._observer: Any = None
        self._probe_needed = False

    def watch(self, root: Path) -> None:
        """Begin to watch a folder and everything below it. Returns at once; twice does no harm.

        Raises:
            RuntimeError: after ``close``.
        """
        with self._wake:
            if self._closing:
                raise RuntimeError("the watcher is closed")
            self._wanted.setdefault(root, _Root(root, self._periods))
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="pickout-watcher", daemon=True
                )
                self._thread.start()
            self._wake.notify()

    def unwatch(self, root: Path) -> None:
        """Stop watching a folder; one call of ``on_dirty`` may still be under way."""
        with self._wake:
            self._wanted.pop(root, None)
            self._wake.notify()

    @property
    def note(self) -> str:
        """For people: which folders are not watched live, and why; empty if all are."""
        with self._wake:
            troubles = [root.trouble for root in self._wanted.values() if root.trouble]
        if not troubles:
            return ""
        folders = "1 folder" if len(troubles) == 1 else f"{len(troubles)} folders"
        minutes = max(1, round(self._periods.rescan_s / 60))
        reasons = " and ".join(dict.fromkeys(troubles))
        return f"Changes in {folders} are noticed only every {minutes} minutes: {reasons}."

    def close(self, timeout_s: float = 5.0) -> None:
        """Stop everything and wait for it; longer only if a huge folder is just being set up."""
        with self._wake:
            self._closing = True
            self._wake.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s)

    # -- called by watchdog's threads ---------------------------------------------------------

    def _note_event(self, path: Path) -> None:
        with self._wake:
            self._events[path] = time.monotonic()
            if path not in self._noisy:  # of a burst only the first event wakes the thread
                self._noisy.add(path)
                self._wake_up()

    def _note_loss(self, broken: bool) -> None:
        with self._wake:
            self._events.update(dict.fromkeys(self._wanted, time.monotonic()))
            self._distrusted |= broken
            self._wake_up()

    def _wake_up(self) -> None:
        self._change_log = True
        self._wake.notify()

    # -- the watcher's thread -----------------------------------------------------------------

    def _run(self) -> None:
        ear = _LossHandler(self._note_loss)
        watchdog_log = logging.getLogger("watchdog")
        watchdog_log.addHandler(ear)
        next_check = 0.0
        try:
            while self._wait_until(min([next_check, *self._moments()])):
                now = time.monotonic()
                self._apply_requests()
                self._take_events()
                if now >= next_check:
                    next_check = now + self._periods.check_s
                    self._check_roots()
                for root in self._watched():
                    if root.timetable.take(now, live=root.live):
                        with self._wake:
                            self._noisy.discard(root.path)
                        self._call(root.path)
        finally:
            self._stop_observer()
            watchdog_log.removeHandler(ear)

    def _watched(self) -> list[_Root]:
        return list(self._roots.values())

    def _moments(self) -> list[float]:
        return [root.timetable.due_at() for root in self._watched()]

    def _wait_until(self, moment: float) -> bool:
        """Sleep until then, or until there is something to do; False once it is all over."""
        with self._wake:
            self._wake.wait_for(
                lambda: self._closing or self._change_log or self._wanted != self._roots,
                max(0.0, min(moment - time.monotonic(), self._periods.check_s)),
            )
            self._change_log = False
            return not self._closing

    def _apply_requests(self) -> None:
        with self._wake:
            wanted = dict(self._wanted)
        for path in self._roots.keys() - wanted.keys():
            self._end_watch(self._roots.pop(path))
        for path, root in wanted.items():
            if self._roots.get(path) is not root:
                if path in self._roots:
                    self._end_watch(self._roots[path])
                self._roots[path] = root
                root.identity = _identity(path)
                self._begin_watch(root)

    def _take_events(self) -> None:
        with self._wake:
            events, self._events = self._events, {}
            self._noisy &= self._roots.keys()
            distrusted, self._distrusted = self._distrusted, False
        for path, moment in events.items():
            if path in self._roots:
                self._roots[path].timetable.note_event(moment)
                self._probe_needed = True  # new folders need new watches, which may be refused
        if distrusted:
            self._give_up_watching(_REFUSED)

    def _check_roots(self) -> None:
        for root in self._watched():
            identity = _identity(root.path)
            if identity != root.identity or self._has_ended(root):
                root.identity = identity
                self._end_watch(root)
                self._begin_watch(root)
        if self._probe_needed and any(root.live for root in self._watched()):
            self._probe_needed = False
            if not self._more_can_be_watched():
                self._give_up_watching(_LIMIT)

    def _has_ended(self, root: _Root) -> bool:
        """A watch ends with its folder, also if another is there at once."""
        return root.live and any(
            emitter.watch == root.watch and not emitter.is_alive()
            for emitter in self._observer.emitters
        )

    def _begin_watch(self, root: _Root) -> None:
        """Watch it live, or else from time to time; due in either case."""
        trouble = ""
        if root.identity is None:
            trouble = ""  # vanished: the check looks for it, and the scan says so
        elif mounts.is_on_network(root.path):
            trouble = _NETWORK
        else:
            try:
                root.watch = self._schedule(root.path, recursive=True)
                # Below the root watchdog swallows refusals: folders would stay unwatched.
                if not self._more_can_be_watched():
                    trouble = _LIMIT
            except OSError as error:
                trouble = _LIMIT if error.errno in (errno.ENOSPC, errno.EMFILE) else _REFUSED
                log.info("%s is not watched: %s", root.path, error)
            except Exception:
                trouble = _REFUSED
                log.warning("%s is not watched", root.path, exc_info=True)
            if trouble:
                self._end_watch(root)
        self._set_trouble(root, trouble)
        root.timetable.hurry(time.monotonic())

    def _end_watch(self, root: _Root) -> None:
        watch, root.watch = root.watch, None
        if watch is not None and self._observer is not None:
            with contextlib.suppress(Exception):  # its emitter may have ended with the folder
                self._observer.unschedule(watch)

    def _give_up_watching(self, trouble: str) -> None:
        """Scan all folders from time to time instead."""
        for root in self._watched():
            if root.live:
                self._end_watch(root)
                self._set_trouble(root, trouble)
                root.timetable.hurry(time.monotonic())
        self._stop_observer()

    def _set_trouble(self, root: _Root, trouble: str) -> None:
        with self._wake:
            root.trouble = trouble

    def _more_can_be_watched(self) -> bool:
        """Try with a folder of our own, because nobody says whether the limit was met."""
        with tempfile.TemporaryDirectory(prefix="pickout-watch-") as probe:
            try:
                watch = self._schedule(Path(probe), recursive=False)
            except OSError as error:
                log.info("no more folders can be watched: %s", error)
                return False
            with contextlib.suppress(Exception):
                self._observer.unschedule(watch)
            return True

    def _schedule(self, path: Path, *, recursive: bool) -> Any:
        if self._observer is None:
            observer = self._make_observer()
            observer.start()
            self._observer = observer
        handler = _Handler(lambda: self._note_event(path))
        return self._observer.schedule(
            handler, str(path), recursive=recursive, event_filter=_event_filter()
        )

    def _stop_observer(self) -> None:
        observer, self._observer = self._observer, None
        if observer is None:
            return
        observer.unschedule_all()
        observer.stop()
        observer.join()

    def _call(self, path: Path) -> None:
        try:
            self._on_dirty(path)
        except Exception:
            log.exception("a change in %s could not be passed on", path)


class _Handler:
    """Takes every event for the same thing. Duck-typed: watchdog only calls ``dispatch``."""

    def __init__(self, note: Callable[[], None]) -> None:
        self._note = note

    def dispatch(self, event: object) -> None:
        self._note()


class _LossHandler(logging.Handler):
    """Hears watchdog say that events were lost, or that a watch broke."""

    def __init__(self, note_loss: Callable[[bool], None]) -> None:
        super().__init__(logging.WARNING)
        self._note_loss = note_loss

    def emit(self, record: logging.LogRecord) -> None:
        broken = "Unable to rebuild" in record.msg
        if broken or _LOST in record.msg:
            self._note_loss(broken)


def _best_observer() -> Any:
    from watchdog.observers import Observer

    return Observer()


def _event_filter() -> list[type]:
    """Events of changes; reading is none, and indexing reads every file."""
    from watchdog import events

    return [
        *(events.FileCreatedEvent, events.FileDeletedEvent, events.FileModifiedEvent),
        *(events.FileMovedEvent, events.FileClosedEvent, events.FileAttribEvent),
        *(events.DirCreatedEvent, events.DirDeletedEvent, events.DirMovedEvent),
        events.DirAttribEvent,
    ]


def _identity(path: Path) -> tuple[int, int] | None:
    """Which folder lies at ``path``; None if none does. Another drive is another folder."""
    try:
        facts = os.stat(path)
        with os.scandir(path):
            pass
    except OSError:
        return None
    return facts.st_dev, facts.st_ino
