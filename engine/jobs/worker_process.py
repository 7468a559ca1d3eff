"""A child process that answers one request at a time. It may crash, hang or be killed."""

from __future__ import annotations

import logging
import multiprocessing
import pickle
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import Cancelled, PhotoTimedOut, WorkerCrashed
from engine.jobs import spawning, worker_channel, worker_child
from engine.jobs.cancel import CancelToken
from engine.jobs.worker_child import HandlerFactory

log = logging.getLogger(__name__)
T = TypeVar("T")

STARTING = "starting a worker"
"""``operation`` of the errors about a child that could not be started."""

WORKING = "working on a photo"
"""``operation`` of errors about a request."""

POLL_S = 0.1
"""Interval at which a waiting call checks whether it was cancelled."""

EXIT_GRACE_S = 2.0
"""How long a child may take to exit by itself before it is killed."""

_start_lock = threading.Lock()


class WorkerProcess:
    """Runs a request handler in a spawned child, started on demand and again after each death.

    Thread-safe: requests are answered one at a time, in no particular order of arrival. The child
    exits by itself when this process ends, even if this process is killed.

    Args:
        name: name of the child in messages and logs ("photo decoder").
        handler_factory: called once in the child; returns the function that answers requests. It
            must be picklable: a module-level function, or a ``functools.partial`` of one.
            ``__main__`` is not imported in the child unless the factory is defined there.
        time_limit_s: limit for one request; a child that takes longer is killed.
        start_limit_s: limit for starting the child and for ``handler_factory`` to return.
        threads: how many threads numeric libraries in the child may use; None for their default.
        memory_limit_bytes: limit of the child's address space, where the platform has one.
            None for children that run torch, which reserves far more than it uses.
        background: run the child at a lower priority, where the platform has one.
        log_path: file to which the output of the child, native code included, is appended.
    """

    def __init__(
        self,
        name: str,
        handler_factory: HandlerFactory,
        *,
        time_limit_s: float,
        start_limit_s: float = 120.0,
        threads: int | None = None,
        memory_limit_bytes: int | None = None,
        background: bool = False,
        log_path: Path | None = None,
    ) -> None:
        self.name = name
        self._handler_factory = handler_factory
        self._time_limit_s = time_limit_s
        self._start_limit_s = start_limit_s
        self._limits = worker_child.ChildLimits(threads, memory_limit_bytes, background, log_path)
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None
        self._ready = False
        self._started_at = 0.0

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is no child."""
        process = self._process
        try:
            return process.pid if process is not None else None
        except ValueError:  # closed since the line above read it
            return None

    def start(self, *, wait: bool = False) -> None:
        """Start the child before the first request; with ``wait``, block until it is ready.

        Without ``wait`` this returns at once, and a failed start is raised by the next call.

        Raises:
            EngineError: with ``wait``, as raised by ``handler_factory``.
            WorkerCrashed: with ``wait``, if the child cannot start.
            RuntimeError: after ``close``.
        """
        if not self._lock.acquire(blocking=wait):
            return  # a request is being answered, so the child runs already
        try:
            if self._closing.is_set():
                raise RuntimeError(f"{self.name} is closed")
            self._start_if_needed()
            if wait:
                self._wait_until_ready(None)
        finally:
            self._lock.release()

    def call(
        self,
        request: Any,
        *,
        cancel: CancelToken | None = None,
        time_limit_s: float | None = None,
        path: Path | None = None,
    ) -> Any:
        """Send ``request`` to the child and wait for its reply.

        Args:
            cancel: token that ends the wait.
            time_limit_s: replaces the limit given to the constructor.
            path: file that the errors raised here name.

        Raises:
            EngineError: as raised in the child.
            WorkerCrashed: the child died, could not start or raised another exception.
            PhotoTimedOut: the time limit was exceeded; the child was killed.
            Cancelled: ``cancel`` was set or ``close`` called, less than a second ago.
            RuntimeError: after ``close``.
        """
        if self._closing.is_set():
            raise RuntimeError(f"{self.name} is closed")
        while not self._lock.acquire(timeout=POLL_S):
            self._raise_if_cancelled(cancel)
        try:
            self._raise_if_cancelled(cancel)
            self._start_if_needed()
            self._wait_until_ready(cancel)
            limit_s = self._time_limit_s if time_limit_s is None else time_limit_s
            return self._exchange(request, cancel, limit_s, path)
        finally:
            self._lock.release()

    def stop_child(self) -> None:
        """End the child, which frees its memory; the next call starts a new one."""
        with self._lock:
            if self._process is None:
                return
            if self._ready:
                self._open_connection().close()  # the child reads end of file and exits
                self._process.join(EXIT_GRACE_S)
            self._discard()

    def close(self) -> None:
        """End the child and reap it. A call that is waiting raises ``Cancelled``."""
        self._closing.set()
        self.stop_child()

    # -- all methods below are called with the lock held ---------------------------------------

    def _raise_if_cancelled(self, cancel: CancelToken | None) -> None:
        if self._closing.is_set() or (cancel is not None and cancel.cancelled):
            raise Cancelled

    def _start_if_needed(self) -> None:
        if self._process is not None and self._process.is_alive():
            return
        self._discard()
        context = multiprocessing.get_context("spawn")
        parent_end, child_end = context.Pipe()
        process = context.Process(
            target=worker_child.run_child,
            name=self.name,
            # Pickled separately: the child sets the thread limits before it unpickles the
            # factory, which imports numeric libraries.
            args=(
                child_end,
                pickle.dumps(self._handler_factory),
                self._limits,
                *self._extra_child_arguments(context),
            ),
            daemon=True,
        )
        try:
            with (
                _start_lock,
                spawning.without_interrupts(),
                spawning.without_main(self._handler_factory),
            ):
                process.start()
        except OSError as error:
            parent_end.close()
            raise WorkerCrashed(
                f"The {self.name} could not be started ({error.strerror}).",
                operation=STARTING,
                hint="Close other programs and try again.",
            ) from error
        finally:
            child_end.close()  # only the child holds it now, so its death is an end of file here
        self._process, self._connection = process, parent_end
        self._ready = False
        self._started_at = time.monotonic()

    def _extra_child_arguments(
        self, context: multiprocessing.context.BaseContext
    ) -> tuple[Any, ...]:
        """Further arguments for ``worker_child.run_child``; none here, a hook for subclasses."""
        return ()

    def _check_heartbeat(self) -> None:
        """Called at every poll while a caller waits for the child; a hook for subclasses."""

    def _open_connection(self) -> Connection:
        assert self._connection is not None, "the child was started before"
        return self._connection

    def _running_process(self) -> multiprocessing.process.BaseProcess:
        assert self._process is not None, "the child was started before"
        return self._process

    def _wait_until_ready(self, cancel: CancelToken | None) -> None:
        """Wait for the child's first message.

        If the caller cancels, the child continues to start: the next call can use it, and the
        model is not loaded twice.
        """
        if self._ready:
            return
        while not self._open_connection().poll(POLL_S):
            self._raise_if_cancelled(cancel)
            self._check_heartbeat()
            if time.monotonic() - self._started_at > self._start_limit_s:
                self._discard()
                raise WorkerCrashed(
                    f"The {self.name} was not ready after {self._start_limit_s:.0f} seconds.",
                    operation=STARTING,
                    hint="The computer may be short of memory; close other programs.",
                )
        try:
            reply = worker_channel.receive(self._open_connection())
        except (EOFError, OSError) as error:
            raise self._crashed(STARTING, None) from error
        if reply[0] != "ready":
            self._discard()
        reply_value(self.name, reply, STARTING, None)
        self._ready = True

    def _exchange(
        self, request: Any, cancel: CancelToken | None, limit_s: float, path: Path | None
    ) -> Any:
        """Send one request and wait for its reply."""

        def send_and_receive() -> tuple[str, Any]:
            worker_channel.send(self._open_connection(), request)
            return worker_channel.receive(self._open_connection())

        reply = self._with_watchdog(send_and_receive, cancel, limit_s, path)
        return reply_value(self.name, reply, WORKING, path)

    def _with_watchdog(
        self,
        exchange: Callable[[], T],
        cancel: CancelToken | None,
        limit_s: float,
        path: Path | None,
    ) -> T:
        """Run a blocking exchange with the child; kill the child at the limit or when cancelled."""
        watchdog = _Watchdog(
            self._running_process(), limit_s, lambda: self._raise_if_cancelled(cancel)
        )
        try:
            result = exchange()
        except (EOFError, OSError) as error:
            watchdog.stop()
            if watchdog.kill_reason is None:
                raise self._crashed(WORKING, path) from error
            self._discard()
            if watchdog.kill_reason == "cancelled":
                raise Cancelled from None
            raise timeout_error(limit_s, path) from None
        except BaseException:
            # A request that cannot be pickled, or Ctrl-C. The child is discarded, so that a late
            # reply is never taken for the reply to the next request.
            watchdog.stop()
            self._discard()
            raise
        watchdog.stop()
        if watchdog.kill_reason is not None:  # killed just after it replied; the reply is valid
            self._discard()
        return result

    def _crashed(self, operation: str, path: Path | None) -> WorkerCrashed:
        """Reap a child that died, and return the error for it."""
        process = self._running_process()
        process.join(EXIT_GRACE_S)
        code = process.exitcode
        self._discard()
        log.warning("the %s died with exit code %s", self.name, code)
        return WorkerCrashed(
            f"The {self.name} stopped unexpectedly (exit code {code}).",
            operation=operation,
            path=path,
            hint="The file may be damaged, or the computer short of memory.",
        )

    def _discard(self) -> None:
        """Kill the child if it still runs, and reap it."""
        if self._process is None or self._connection is None:
            return
        self._process.kill()
        self._process.join()
        self._process.close()
        self._connection.close()
        self._process = self._connection = None
        self._ready = False


def reply_value(name: str, reply: tuple[str, Any], operation: str, path: Path | None) -> Any:
    """The value of a reply of ``worker_child``; raises if it reports an error.

    Args:
        name, operation, path: for the message about an exception that is no EngineError.
    """
    kind, value = reply
    if kind == "cancelled":
        raise Cancelled
    if kind == "engine-error":
        raise value
    if kind == "other-error":
        log.error("the %s failed:\n%s", name, value)
        raise WorkerCrashed(
            f"Something went wrong in the {name} ({value.strip().splitlines()[-1]}).",
            operation=operation,
            path=path,
        )
    return value


def timeout_error(limit_s: float, path: Path | None) -> PhotoTimedOut:
    """The error for a request that exceeded its time limit."""
    return PhotoTimedOut(
        f"This took longer than {limit_s:g} seconds and was stopped.",
        operation=WORKING,
        path=path,
        hint="Try again when the computer is less busy.",
    )


class _Watchdog:
    """Kills a child that exceeds its time limit or whose caller cancelled.

    It runs in a thread of its own, because the calling thread may be blocked in the pipe, even in
    the middle of a reply. The child's death ends that blocking call.

    Attributes:
        kill_reason: "cancelled" or "timed-out"; None if the child was not killed.
    """

    def __init__(
        self,
        process: multiprocessing.process.BaseProcess,
        limit_s: float,
        raise_if_cancelled: Callable[[], None],
    ) -> None:
        self.kill_reason: str | None = None
        self._process = process
        self._deadline = time.monotonic() + limit_s
        self._raise_if_cancelled = raise_if_cancelled
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="pickout-watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; afterwards ``kill_reason`` is final and the child is not killed."""
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            remaining_s = self._deadline - time.monotonic()
            if self._stopped.wait(min(POLL_S, max(remaining_s, 0.0))):
                return
            try:
                self._raise_if_cancelled()
            except Cancelled:
                self.kill_reason = "cancelled"
            if self.kill_reason is None and time.monotonic() >= self._deadline:
                self.kill_reason = "timed-out"
            if self.kill_reason is not None:
                self._process.kill()
                return
