"""A child process that is expensive to start: a request is cancelled without killing the child."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from engine.errors import Cancelled, WorkerCrashed
from engine.jobs import worker_channel
from engine.jobs.cancel import CancelToken
from engine.jobs.worker_process import (
    POLL_S,
    WORKING,
    WorkerProcess,
    reply_value,
    timeout_error,
)
from engine.jobs.worker_signals import WorkerSignals

_RECEIVE_LIMIT_S = 10.0
"""Limit for receiving a reply that has begun to arrive; it takes milliseconds."""


class CancellableWorker(WorkerProcess):
    """A ``WorkerProcess`` for children that hold large models.

    A caller that cancels returns at once. The child is signalled to cancel the request; the next
    caller waits until it has done so, or kills it after ``cancel_grace_s``. A child none of whose
    threads runs (stopped, or swapped out) is detected by its missing heartbeat.

    Args:
        cancel_grace_s: how long a child may take to cancel a request before it is killed.
        unresponsive_after_s: ``on_unresponsive`` is called when the last heartbeat is older.
        unresponsive_limit_s: the child is killed after it was unresponsive for so long.

    Attributes:
        on_unresponsive: called with True when a child that a caller waits for becomes
            unresponsive, and with False when it responds again; in the caller's thread.
    """

    def __init__(
        self,
        *arguments: Any,
        cancel_grace_s: float = 10.0,
        unresponsive_after_s: float = 0.7,
        unresponsive_limit_s: float = 15.0,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.on_unresponsive: Callable[[bool], None] = lambda unresponsive: None
        self._cancel_grace_s = cancel_grace_s
        self._unresponsive_after_s = unresponsive_after_s
        self._unresponsive_limit_s = unresponsive_limit_s
        self._signals: WorkerSignals | None = None
        self._request_number = 0
        self._reply_pending = False
        self._sender: _SenderThread | None = None
        self._cancelled_at = 0.0
        self._unresponsive_since: float | None = None

    # -- all methods below are called with the lock held ---------------------------------------

    def _extra_child_arguments(
        self, context: multiprocessing.context.BaseContext
    ) -> tuple[Any, ...]:
        self._signals = WorkerSignals(context)
        self._request_number, self._reply_pending = 0, False
        return (self._signals,)

    def _shared_signals(self) -> WorkerSignals:
        assert self._signals is not None, "the child was started before"
        return self._signals

    def _wait_until_ready(self, cancel: CancelToken | None) -> None:
        self._drain_pending_reply(cancel)
        super()._wait_until_ready(cancel)

    def _drain_pending_reply(self, cancel: CancelToken | None) -> None:
        """Receive and drop the reply to a cancelled request; replace the child if it is late."""
        if not self._reply_pending:
            return
        while not self._open_connection().poll(POLL_S):
            self._raise_if_cancelled(cancel)
            if time.monotonic() - self._cancelled_at > self._cancel_grace_s:
                break
        else:
            try:
                self._receive(None)
            except WorkerCrashed:
                pass  # the child died in a cancelled request; a new one is started below
            else:
                return
        self._discard()
        self._start_if_needed()

    def _exchange(
        self, request: Any, cancel: CancelToken | None, limit_s: float, path: Path | None
    ) -> Any:
        deadline = time.monotonic() + limit_s
        self._request_number += 1
        self._reply_pending = True
        sender = _SenderThread(self._open_connection(), (self._request_number, request))
        self._sender = sender
        while not self._open_connection().poll(POLL_S):
            self._check_limits(cancel, deadline, limit_s, path)
            if sender.error is not None:
                self._discard()
                raise sender.error
        self._mark_responsive()
        return reply_value(self.name, self._receive(path), WORKING, path)

    def _check_limits(
        self, cancel: CancelToken | None, deadline: float, limit_s: float, path: Path | None
    ) -> None:
        """Check, at every poll, whether to continue to wait for the reply.

        Raises:
            Cancelled: the caller cancelled.
            PhotoTimedOut: ``deadline`` has passed.
            WorkerCrashed: the child was unresponsive for too long, and was killed.
        """
        try:
            self._raise_if_cancelled(cancel)
        except Cancelled:
            self._cancel_request()
            raise
        self._check_heartbeat()
        if time.monotonic() > deadline:
            self._cancel_request()
            raise timeout_error(limit_s, path)

    def _receive(self, path: Path | None) -> tuple[str, Any]:
        reply: tuple[str, Any] = self._with_watchdog(
            lambda: worker_channel.receive(self._open_connection()), None, _RECEIVE_LIMIT_S, path
        )
        if self._sender is not None:
            self._sender.join()
        self._reply_pending, self._sender = False, None
        return reply

    def _cancel_request(self) -> None:
        self._shared_signals().cancel(self._request_number)
        self._cancelled_at = time.monotonic()

    def _check_heartbeat(self) -> None:
        signals = self._shared_signals()
        if signals.seconds_since_heartbeat <= self._unresponsive_after_s:
            self._mark_responsive()
        elif self._unresponsive_since is None:
            self._unresponsive_since = time.monotonic()
            self.on_unresponsive(True)
        # Counted from this process's own observation, not from the last heartbeat: after the
        # computer has slept, both processes lack that time.
        elif time.monotonic() - self._unresponsive_since > self._unresponsive_limit_s:
            self._discard()
            raise WorkerCrashed(
                f"The {self.name} did not respond for {self._unresponsive_limit_s:.0f} seconds.",
                operation="working on a photo",
                hint="The computer may be short of memory; close other programs.",
            )

    def _mark_responsive(self) -> None:
        if self._unresponsive_since is not None:
            self._unresponsive_since = None
            self.on_unresponsive(False)

    def _discard(self) -> None:
        if self._sender is not None and self._process is not None:
            self._process.kill()  # ends a send that blocks because the child does not read
            self._sender.join()
        super()._discard()
        self._reply_pending, self._sender, self._unresponsive_since = False, None, None


class _SenderThread(threading.Thread):
    """Sends one request.

    A request that does not fit into the pipe blocks until the child reads. In a thread of its own
    the caller can check the heartbeat meanwhile, and cancel.

    Attributes:
        error: the exception of a request that cannot be sent (pickled); None otherwise.
    """

    def __init__(self, connection: Connection, message: tuple[int, Any]) -> None:
        super().__init__(name="pickout-sender", daemon=True)
        self.error: Exception | None = None
        self._connection, self._message = connection, message
        self.start()

    def run(self) -> None:
        """Send the message."""
        try:
            worker_channel.send(self._connection, self._message)
        except OSError:
            pass  # the child is gone; the caller reads the end of its pipe
        except Exception as error:
            self.error = error
