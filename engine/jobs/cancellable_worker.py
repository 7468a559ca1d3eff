"""A child process that is expensive to start: it is asked to stop before it is killed."""

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
from engine.jobs.worker_process import POLL_S, WorkerProcess, timed_out
from engine.jobs.worker_signals import WorkerSignals

_HANDOVER_S = 10.0
"""A reply is through its pipe in milliseconds once it has begun to come."""


class CancellableWorker(WorkerProcess):
    """As ``WorkerProcess``, for children that hold large models.

    A caller that changes its mind is let go at once; the child is told, and the next caller waits
    until it has stopped, or has it killed. A child none of whose threads runs (stopped, or
    swapped out) is noticed by its missing pulse.

    Args:
        wind_down_s: how long a child may take to give up a request before it is killed.
        silence_s: without a pulse for so long, ``on_silence`` is called.
        silence_limit_s: without one for so long, the child is killed.

    Attributes:
        on_silence: called with True when a child that is waited for falls silent, with False when
            it is heard again; in the caller's thread.
    """

    def __init__(
        self,
        *arguments: Any,
        wind_down_s: float = 10.0,
        silence_s: float = 0.7,
        silence_limit_s: float = 15.0,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.on_silence: Callable[[bool], None] = lambda silent: None
        self._wind_down_s = wind_down_s
        self._silence_s, self._silence_limit_s = silence_s, silence_limit_s
        self._signals: WorkerSignals | None = None
        self._number = 0
        self._owed = False
        self._sending: _Sending | None = None
        self._given_up_at = 0.0
        self._silent_since: float | None = None

    # -- all below: with the lock held --------------------------------------------------------

    def _extras(self, context: multiprocessing.context.BaseContext) -> tuple[Any, ...]:
        self._signals = WorkerSignals(context)
        self._number, self._owed = 0, False
        return (self._signals,)

    def _wait_until_ready(self, cancel: CancelToken | None) -> None:
        self._settle(cancel)
        super()._wait_until_ready(cancel)

    def _settle(self, cancel: CancelToken | None) -> None:
        """Wait for the reply to a request that was given up; nobody wants it any more."""
        if not self._owed:
            return
        while not self._connection.poll(POLL_S):
            self._raise_if_unwanted(cancel)
            if time.monotonic() - self._given_up_at > self._wind_down_s:
                break
        else:
            try:
                self._receive(None)
            except WorkerCrashed:
                pass  # it died over what nobody wants; the next one starts anew
            else:
                return
        self._discard()
        self._start_if_needed()

    def _exchange(
        self, request: Any, cancel: CancelToken | None, limit_s: float, path: Path | None
    ) -> Any:
        deadline = time.monotonic() + limit_s
        self._number += 1
        self._owed = True
        self._sending = _Sending(self._connection, (self._number, request))
        while not self._connection.poll(POLL_S):
            self._keep_waiting(cancel, deadline, limit_s, path)
            if self._sending.error is not None:
                error = self._sending.error
                self._discard()
                raise error
        self._heard()
        return self._open_reply(self._receive(path), "working on a photo", path)

    def _keep_waiting(
        self, cancel: CancelToken | None, deadline: float, limit_s: float, path: Path | None
    ) -> None:
        """Raises Cancelled, PhotoTimedOut or WorkerCrashed once there is no use in it."""
        try:
            self._raise_if_unwanted(cancel)
        except Cancelled:
            self._give_up()
            raise
        self._listen()
        if time.monotonic() > deadline:
            self._give_up()
            raise timed_out(limit_s, path)

    def _receive(self, path: Path | None) -> tuple[str, Any]:
        reply = self._guarded(
            lambda: worker_channel.receive(self._connection), None, _HANDOVER_S, path
        )
        self._sending.join()
        self._owed, self._sending = False, None
        return reply

    def _give_up(self) -> None:
        self._signals.cancel(self._number)
        self._given_up_at = time.monotonic()

    def _listen(self) -> None:
        silent = self._signals.silence_s > self._silence_s
        if silent and self._silent_since is None:
            self._silent_since = time.monotonic()
            self.on_silence(True)
        elif not silent:
            self._heard()
        # Counted from when it was noticed: a computer that wakes up was silent as a whole.
        elif silent and time.monotonic() - self._silent_since > self._silence_limit_s:
            self._discard()
            raise WorkerCrashed(
                f"The {self.name} did not respond for {self._silence_limit_s:.0f} seconds.",
                operation="working on a photo",
                hint="The computer may be short of memory; close other programs.",
            )

    def _heard(self) -> None:
        if self._silent_since is not None:
            self._silent_since = None
            self.on_silence(False)

    def _discard(self) -> None:
        if self._sending is not None and self._process is not None:
            self._process.kill()  # which ends a sending that it does not read
            self._sending.join()
        super()._discard()
        self._owed, self._sending, self._silent_since = False, None, None


class _Sending(threading.Thread):
    """A request on its way. It may not fit into the pipe, and then waits for the child to read:
    on a thread of its own, so that its caller can listen, and change its mind.

    Attributes:
        error: why it could not be sent, if the fault is the request's own.
    """

    def __init__(self, connection: Connection, asked: tuple[int, Any]) -> None:
        super().__init__(name="pickout-sending", daemon=True)
        self.error: Exception | None = None
        self._connection, self._asked = connection, asked
        self.start()

    def run(self) -> None:
        try:
            worker_channel.send(self._connection, self._asked)
        except OSError:
            pass  # the child is gone, which the caller sees as the end of its pipe
        except Exception as error:
            self.error = error
