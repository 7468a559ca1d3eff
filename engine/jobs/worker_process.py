"""A child process that answers one request at a time, and may crash, hang or be killed."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import Cancelled, PhotoTimedOut, WorkerCrashed
from engine.jobs import worker_channel, worker_child
from engine.jobs.cancel import CancelToken
from engine.jobs.worker_child import Serve

log = logging.getLogger(__name__)
T = TypeVar("T")

STARTING = "starting a worker"
"""Operation of the errors of a child that could not be started."""
POLL_S = 0.1
"""How often a waiting call looks whether it was cancelled."""

FAREWELL_S = 2.0
"""How long a child may take to leave by itself when it is closed."""

_start_lock = threading.Lock()


class WorkerProcess:
    """Runs ``serve`` in a spawned child, which is started when it is needed and after each death.

    Thread-safe: requests are answered one at a time, in no particular order of arrival. The child
    ends by itself when this process ends, however that happens.

    Args:
        name: for people and logs ("photo decoder").
        serve: called once in the child, returns what answers the requests. It must be picklable:
            a function at the top of a module, or a ``functools.partial`` of one. ``__main__`` is
            not imported in the child unless ``serve`` itself lives there.
        time_limit_s: for one request; a child that takes longer is killed.
        start_limit_s: for starting the child and for ``serve`` to return.
        threads: how many threads numeric libraries in the child may use; None for their default.
        memory_limit_bytes: address space the child may have, where the platform can limit it.
            None for children that run torch, which reserves far more than it uses.
        background: the child runs at a lower priority, where the platform has one.
        log_path: what the child and native code in it print goes to the end of this file.
    """

    def __init__(
        self,
        name: str,
        serve: Serve,
        *,
        time_limit_s: float,
        start_limit_s: float = 120.0,
        threads: int | None = None,
        memory_limit_bytes: int | None = None,
        background: bool = False,
        log_path: Path | None = None,
    ) -> None:
        self.name = name
        self._serve = serve
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
        except ValueError:  # closed between the two looks
            return None

    def warm(self, *, wait: bool = False) -> None:
        """Start the child without a request; with ``wait``, until it is ready.

        Without ``wait`` it returns at once, and a failing start shows at the next call.

        Raises:
            EngineError: with ``wait``, what ``serve`` raised; WorkerCrashed if it cannot start.
            RuntimeError: after ``close``.
        """
        if not self._lock.acquire(blocking=wait):
            return  # a request is being answered: the child is there
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
            time_limit_s: instead of the one given at the start.
            path: the file concerned, for the errors raised here.

        Raises:
            EngineError: as raised in the child.
            WorkerCrashed: the child died or could not start, or raised anything else.
            PhotoTimedOut: over the time limit; the child was killed.
            Cancelled: within a second of ``cancel`` being set, or of ``close``.
            RuntimeError: after ``close``.
        """
        if self._closing.is_set():
            raise RuntimeError(f"{self.name} is closed")
        while not self._lock.acquire(timeout=POLL_S):
            self._raise_if_unwanted(cancel)
        try:
            self._raise_if_unwanted(cancel)
            self._start_if_needed()
            self._wait_until_ready(cancel)
            limit_s = self._time_limit_s if time_limit_s is None else time_limit_s
            return self._exchange(request, cancel, limit_s, path)
        finally:
            self._lock.release()

    def rest(self) -> None:
        """End the child, which gives its memory back; the next call starts another."""
        with self._lock:
            if self._process is None:
                return
            if self._ready:
                self._connection.close()  # the child reads the end of its pipe and leaves
                self._process.join(FAREWELL_S)
            self._discard()

    def close(self) -> None:
        """End the child and leave no zombie. A call that is waiting ends as cancelled."""
        self._closing.set()
        self.rest()

    # -- all below: with the lock held --------------------------------------------------------

    def _raise_if_unwanted(self, cancel: CancelToken | None) -> None:
        if self._closing.is_set() or (cancel is not None and cancel.cancelled):
            raise Cancelled

    def _start_if_needed(self) -> None:
        if self._process is not None and self._process.is_alive():
            return
        self._discard()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=worker_child.run_child,
            name=self.name,
            # Pickled apart: numeric libraries must not be imported before the child has set
            # how many threads they may use.
            args=(theirs, pickle.dumps(self._serve), self._limits, *self._extras(context)),
            daemon=True,
        )
        try:
            with _start_lock, _without_interrupts(), _without_main(self._serve):
                process.start()
        except OSError as error:
            ours.close()
            raise WorkerCrashed(
                f"The {self.name} could not be started ({error.strerror}).",
                operation=STARTING,
                hint="Close other programs and try again.",
            ) from error
        finally:
            theirs.close()  # the only other holder is the child: its death is an end of file here
        self._process, self._connection = process, ours
        self._ready = False
        self._started_at = time.monotonic()

    def _extras(self, context: multiprocessing.context.BaseContext) -> tuple[Any, ...]:
        """What else a new child is given."""
        return ()

    def _listen(self) -> None:
        """Called again and again while the child is waited for."""

    def _wait_until_ready(self, cancel: CancelToken | None) -> None:
        """A cancelled caller leaves the child starting: loading a model twice helps nobody."""
        if self._ready:
            return
        while not self._connection.poll(POLL_S):
            self._raise_if_unwanted(cancel)
            self._listen()
            if time.monotonic() - self._started_at > self._start_limit_s:
                self._discard()
                raise WorkerCrashed(
                    f"The {self.name} was not ready after {self._start_limit_s:.0f} seconds.",
                    operation=STARTING,
                    hint="The computer may be short of memory; close other programs.",
                )
        try:
            reply = worker_channel.receive(self._connection)
        except (EOFError, OSError) as error:
            raise self._crashed(STARTING, None) from error
        if reply[0] != "ready":
            self._discard()
        self._open_reply(reply, STARTING, None)
        self._ready = True

    def _exchange(
        self, request: Any, cancel: CancelToken | None, limit_s: float, path: Path | None
    ) -> Any:
        def talk() -> tuple[str, Any]:
            worker_channel.send(self._connection, request)
            return worker_channel.receive(self._connection)

        reply = self._guarded(talk, cancel, limit_s, path)
        return self._open_reply(reply, "working on a photo", path)

    def _guarded(
        self,
        talk: Callable[[], T],
        cancel: CancelToken | None,
        limit_s: float,
        path: Path | None,
    ) -> T:
        """Talk to the child, which is killed if that takes too long or is no longer wanted."""
        guard = _Guard(self._process, limit_s, lambda: self._raise_if_unwanted(cancel))
        try:
            said = talk()
        except (EOFError, OSError) as error:
            guard.stop()
            if guard.verdict is None:
                raise self._crashed("working on a photo", path) from error
            self._discard()
            if guard.verdict == "cancelled":
                raise Cancelled from None
            raise timed_out(limit_s, path) from None
        except BaseException:
            # A request that cannot be pickled, or Ctrl-C: a late reply must never meet the next
            # request.
            guard.stop()
            self._discard()
            raise
        guard.stop()
        if guard.verdict is not None:  # it fired as the reply came in; the reply still counts
            self._discard()
        return said

    def _open_reply(self, reply: tuple[str, Any], operation: str, path: Path | None) -> Any:
        kind, value = reply
        if kind == "cancelled":
            raise Cancelled
        if kind == "problem":
            raise value
        if kind == "bug":
            log.error("the %s failed:\n%s", self.name, value)
            raise WorkerCrashed(
                f"Something went wrong in the {self.name} ({value.strip().splitlines()[-1]}).",
                operation=operation,
                path=path,
            )
        return value

    def _crashed(self, operation: str, path: Path | None) -> WorkerCrashed:
        self._process.join(FAREWELL_S)
        code = self._process.exitcode
        self._discard()
        log.warning("the %s died with exit code %s", self.name, code)
        return WorkerCrashed(
            f"The {self.name} stopped unexpectedly (exit code {code}).",
            operation=operation,
            path=path,
            hint="The file may be damaged, or the computer short of memory.",
        )

    def _discard(self) -> None:
        """Kill the child if it still lives, and reap it."""
        if self._process is None:
            return
        self._process.kill()
        self._process.join()
        self._process.close()
        self._connection.close()
        self._process = self._connection = None
        self._ready = False


def timed_out(limit_s: float, path: Path | None) -> PhotoTimedOut:
    """What a caller is told when the time is over."""
    return PhotoTimedOut(
        f"This took longer than {limit_s:g} seconds and was stopped.",
        operation="working on a photo",
        path=path,
        hint="Try again when the computer is less busy.",
    )


class _Guard:
    """Kills a child that takes too long or is no longer wanted.

    A thread of its own, so that a child that stops in the middle of a reply is caught as well:
    its death ends whatever the calling thread is blocked in.
    """

    def __init__(
        self,
        process: multiprocessing.process.BaseProcess,
        limit_s: float,
        raise_if_unwanted: Callable[[], None],
    ) -> None:
        self.verdict: str | None = None
        self._process = process
        self._deadline = time.monotonic() + limit_s
        self._raise_if_unwanted = raise_if_unwanted
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="pickout-guard", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the watch; afterwards ``verdict`` is final and the child is left alone."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            left_s = self._deadline - time.monotonic()
            if self._over.wait(min(POLL_S, max(left_s, 0.0))):
                return
            try:
                self._raise_if_unwanted()
            except Cancelled:
                self.verdict = "cancelled"
            if self.verdict is None and time.monotonic() >= self._deadline:
                self.verdict = "timed-out"
            if self.verdict is not None:
                self._process.kill()
                return


# -- starting ------------------------------------------------------------------------------------


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Start the child with Ctrl-C blocked: it could come before the child can ignore it."""
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
def _without_main(serve: Serve) -> Iterator[None]:
    """Start the child without importing ``__main__`` in it, unless ``serve`` lives there.

    A script may lack the guard that spawning asks for, or import a whole window toolkit.
    """
    main = sys.modules.get("__main__")
    function = getattr(serve, "func", serve)
    if main is None or getattr(function, "__module__", None) == "__main__":
        yield
        return
    hidden = {key: main.__dict__[key] for key in ("__spec__", "__file__") if key in main.__dict__}
    main.__dict__.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        main.__dict__.update(hidden)
