"""Detects that something changed in a folder. A scan then finds out what."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.watch import mounts
from engine.watch.rescan_schedule import RescanIntervals, RescanSchedule

log = logging.getLogger(__name__)

_OVERFLOWED = "overflowed"
"""Part of watchdog's log message about lost events, which is its only report of them."""

_LIMIT = "the system's limit for watching folders is reached"
_NETWORK = "they are on a network drive"
_REFUSED = "the system does not report changes there"


class _Root:
    """One folder to watch. Used by the watcher's thread only, but for ``unwatched_reason``."""

    def __init__(self, path: Path, intervals: RescanIntervals) -> None:
        self.path = path
        self.schedule = RescanSchedule(intervals)
        self.identity: tuple[int, int] | None = None
        self.watch: Any = None
        self.unwatched_reason = ""

    @property
    def live(self) -> bool:
        """Whether the system reports changes of the folder."""
        return self.watch is not None


class FolderWatcher:
    """Calls ``on_dirty(root)`` when a folder should be scanned.

    That is: when watching has begun (earlier changes were not seen), after a change, once no more
    events come, when the folder vanished or came back, when events were lost, and at regular
    intervals in any case. A folder that cannot be watched is scanned at intervals only;
    ``warning`` reports that.

    Thread-safe. ``on_dirty`` is called in the watcher's own thread and should only put the folder
    in a queue; its exceptions are logged.

    Args:
        on_dirty: called with the root folder.
        intervals: None for the defaults.
        make_observer: creates a ``watchdog`` observer; None for the default of this system.
    """

    def __init__(
        self,
        on_dirty: Callable[[Path], None],
        *,
        intervals: RescanIntervals | None = None,
        make_observer: Callable[[], Any] | None = None,
    ) -> None:
        self._on_dirty = on_dirty
        self._intervals = intervals or RescanIntervals()
        self._make_observer = make_observer or _best_observer
        self._changed = threading.Condition()
        self._requested: dict[Path, _Root] = {}
        self._events: dict[Path, float] = {}  # root -> time of its latest event
        self._roots_with_events: set[Path] = set()  # for which the watcher's thread was woken
        self._wake_requested = False
        self._watch_broken = False
        self._closing = False
        self._thread: threading.Thread | None = None
        # The fields below are used by the watcher's thread only.
        self._roots: dict[Path, _Root] = {}
        self._observer: Any = None
        self._probe_needed = False

    def watch(self, root: Path) -> None:
        """Start to watch a folder and everything below it. Returns at once; idempotent.

        Raises:
            RuntimeError: after ``close``.
        """
        with self._changed:
            if self._closing:
                raise RuntimeError("the watcher is closed")
            self._requested.setdefault(root, _Root(root, self._intervals))
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="pickout-watcher", daemon=True
                )
                self._thread.start()
            self._changed.notify()

    def unwatch(self, root: Path) -> None:
        """Stop watching a folder; one call of ``on_dirty`` for it may still follow."""
        with self._changed:
            self._requested.pop(root, None)
            self._changed.notify()

    @property
    def warning(self) -> str:
        """Text for the user on how many folders are not watched live, and why; empty if all are."""
        with self._changed:
            unwatched = [
                root.unwatched_reason for root in self._requested.values() if root.unwatched_reason
            ]
        if not unwatched:
            return ""
        folders = "1 folder" if len(unwatched) == 1 else f"{len(unwatched)} folders"
        minutes = max(1, round(self._intervals.unwatched_rescan_s / 60))
        reasons = " and ".join(dict.fromkeys(unwatched))
        return f"Changes in {folders} are noticed only every {minutes} minutes: {reasons}."

    def close(self, timeout_s: float = 5.0) -> None:
        """Stop watching and wait for the thread, at most ``timeout_s``.

        The thread may need longer while it sets up the watches of a huge folder.
        """
        with self._changed:
            self._closing = True
            self._changed.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s)

    # -- called by watchdog's threads ---------------------------------------------------------

    def _record_event(self, path: Path) -> None:
        with self._changed:
            self._events[path] = time.monotonic()
            # Only the first event of a burst wakes the thread.
            if path not in self._roots_with_events:
                self._roots_with_events.add(path)
                self._request_wake()

    def _record_lost_events(self, broken: bool) -> None:
        with self._changed:
            self._events.update(dict.fromkeys(self._requested, time.monotonic()))
            self._watch_broken |= broken
            self._request_wake()

    def _request_wake(self) -> None:
        self._wake_requested = True
        self._changed.notify()

    # -- the watcher's thread -----------------------------------------------------------------

    def _run(self) -> None:
        loss_handler = _LostEventsHandler(self._record_lost_events)
        watchdog_log = logging.getLogger("watchdog")
        watchdog_log.addHandler(loss_handler)
        next_check = 0.0
        try:
            while self._wait_until(min([next_check, *self._due_times()])):
                now = time.monotonic()
                self._apply_requests()
                self._apply_events()
                if now >= next_check:
                    next_check = now + self._intervals.root_check_s
                    self._check_roots()
                for root in self._watched_roots():
                    if root.schedule.consume_if_due(now, live=root.live):
                        with self._changed:
                            self._roots_with_events.discard(root.path)
                        self._report_dirty(root.path)
        finally:
            self._stop_observer()
            watchdog_log.removeHandler(loss_handler)

    def _watched_roots(self) -> list[_Root]:
        return list(self._roots.values())

    def _due_times(self) -> list[float]:
        return [root.schedule.due_at() for root in self._watched_roots()]

    def _wait_until(self, due_time: float) -> bool:
        """Sleep until ``due_time`` or a request or event; False once the watcher is closed."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closing or self._wake_requested or self._requested != self._roots,
                max(0.0, min(due_time - time.monotonic(), self._intervals.root_check_s)),
            )
            self._wake_requested = False
            return not self._closing

    def _apply_requests(self) -> None:
        with self._changed:
            requested = dict(self._requested)
        for path in self._roots.keys() - requested.keys():
            self._end_watch(self._roots.pop(path))
        for path, root in requested.items():
            if self._roots.get(path) is not root:
                if path in self._roots:
                    self._end_watch(self._roots[path])
                self._roots[path] = root
                root.identity = _identity(path)
                self._begin_watch(root)

    def _apply_events(self) -> None:
        with self._changed:
            events, self._events = self._events, {}
            self._roots_with_events &= self._roots.keys()
            watch_broken, self._watch_broken = self._watch_broken, False
        for path, event_time in events.items():
            if path in self._roots:
                self._roots[path].schedule.record_event(event_time)
                # New folders need new watches, which the system may refuse.
                self._probe_needed = True
        if watch_broken:
            self._fall_back_to_rescans(_REFUSED)

    def _check_roots(self) -> None:
        for root in self._watched_roots():
            identity = _identity(root.path)
            if identity != root.identity or self._has_ended(root):
                root.identity = identity
                self._end_watch(root)
                self._begin_watch(root)
        if self._probe_needed and any(root.live for root in self._watched_roots()):
            self._probe_needed = False
            if not self._can_add_watch():
                self._fall_back_to_rescans(_LIMIT)

    def _has_ended(self, root: _Root) -> bool:
        """Whether the watch has ended: it does with its folder, even if a new one replaces it."""
        return root.live and any(
            emitter.watch == root.watch and not emitter.is_alive()
            for emitter in self._observer.emitters
        )

    def _begin_watch(self, root: _Root) -> None:
        """Watch the folder live if that is possible, and make it due in either case."""
        reason = ""
        if root.identity is None:
            reason = ""  # vanished: the scan reports it, and the regular check waits for it
        elif mounts.is_on_network(root.path):
            reason = _NETWORK
        else:
            try:
                root.watch = self._add_watch(root.path, recursive=True)
                # Watchdog ignores refused watches below the root, so folders may stay unwatched.
                if not self._can_add_watch():
                    reason = _LIMIT
            except OSError as error:
                reason = _LIMIT if error.errno in (errno.ENOSPC, errno.EMFILE) else _REFUSED
                log.info("%s is not watched: %s", root.path, error)
            except Exception:
                reason = _REFUSED
                log.warning("%s is not watched", root.path, exc_info=True)
            if reason:
                self._end_watch(root)
        self._set_unwatched_reason(root, reason)
        root.schedule.make_due(time.monotonic())

    def _end_watch(self, root: _Root) -> None:
        watch, root.watch = root.watch, None
        if watch is not None and self._observer is not None:
            with contextlib.suppress(Exception):  # its emitter may have ended with the folder
                self._observer.unschedule(watch)

    def _fall_back_to_rescans(self, reason: str) -> None:
        """Stop all live watches and scan the folders at intervals instead."""
        for root in self._watched_roots():
            if root.live:
                self._end_watch(root)
                self._set_unwatched_reason(root, reason)
                root.schedule.make_due(time.monotonic())
        self._stop_observer()

    def _set_unwatched_reason(self, root: _Root, reason: str) -> None:
        with self._changed:
            root.unwatched_reason = reason

    def _can_add_watch(self) -> bool:
        """Whether the system grants one more watch; tried with a temporary folder.

        Watchdog does not report when the limit was reached below a root.
        """
        with tempfile.TemporaryDirectory(prefix="pickout-watch-") as probe:
            try:
                watch = self._add_watch(Path(probe), recursive=False)
            except OSError as error:
                log.info("no more folders can be watched: %s", error)
                return False
            with contextlib.suppress(Exception):
                self._observer.unschedule(watch)
            return True

    def _add_watch(self, path: Path, *, recursive: bool) -> Any:
        if self._observer is None:
            observer = self._make_observer()
            observer.start()
            self._observer = observer
        handler = _EventHandler(lambda: self._record_event(path))
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

    def _report_dirty(self, path: Path) -> None:
        try:
            self._on_dirty(path)
        except Exception:
            log.exception("a change in %s could not be passed on", path)


class _EventHandler:
    """Calls ``on_event`` for every event. Duck-typed: watchdog only calls ``dispatch``."""

    def __init__(self, on_event: Callable[[], None]) -> None:
        self._on_event = on_event

    def dispatch(self, event: object) -> None:
        """Handle an event, whatever its type."""
        self._on_event()


class _LostEventsHandler(logging.Handler):
    """Detects, in watchdog's log, that events were lost or that a watch broke."""

    def __init__(self, record_lost_events: Callable[[bool], None]) -> None:
        super().__init__(logging.WARNING)
        self._record_lost_events = record_lost_events

    def emit(self, record: logging.LogRecord) -> None:
        """Report the record if it is about lost events or a broken watch."""
        broken = "Unable to rebuild" in record.msg
        if broken or _OVERFLOWED in record.msg:
            self._record_lost_events(broken)


def _best_observer() -> Any:
    from watchdog.observers import Observer

    # Of folders that are moved while it looks at them it warns with the names of all that it
    # watches, once for each; nothing is lost by it.
    warnings.filterwarnings("ignore", "Callback with id .* already exists", RuntimeWarning)
    return Observer()


def _event_filter() -> list[type]:
    """The types of events that mean a change. Reads are left out: indexing reads every file."""
    from watchdog import events

    return [
        *(events.FileCreatedEvent, events.FileDeletedEvent, events.FileModifiedEvent),
        *(events.FileMovedEvent, events.FileClosedEvent, events.FileAttribEvent),
        *(events.DirCreatedEvent, events.DirDeletedEvent, events.DirMovedEvent),
        events.DirAttribEvent,
    ]


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of the folder at ``path``; None if there is no readable folder."""
    try:
        facts = os.stat(path)
        with os.scandir(path):
            pass
    except OSError:
        return None
    return facts.st_dev, facts.st_ino
