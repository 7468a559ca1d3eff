"""A Ray actor that answers one request at a time, as the child of a ``WorkerProcess`` does."""

from __future__ import annotations

import logging
import os
import pickle
import threading
import time
from pathlib import Path
from typing import Any

from engine.errors import Cancelled, WorkerCrashed, WorkerUnavailable
from engine.jobs import worker_child
from engine.jobs.cancel import CancelToken
from engine.jobs.ray_cluster import ActorLost, RayCluster, own_node_id
from engine.jobs.worker_child import HandlerFactory
from engine.jobs.worker_process import POLL_S, STARTING, WORKING, reply_value, timeout_error

log = logging.getLogger(__name__)

_MOST_CRASHES = 2
"""A request during which its actor's process ended is tried once more, on a fresh actor."""
_MOST_LOST_NODES = 5
"""The end of a machine is no sign against a request; this bound is against endless repetition."""


class RayWorker:
    """Runs a request handler in an actor, which starts on demand and again after each death.

    Used by one thread at a time, except ``close`` and ``pid``.

    Args:
        name: for messages and logs.
        handler_factory: as for ``WorkerProcess``; must be importable on the actor's machine.
        cpus, gpus: what Ray reserves for the actor; numeric libraries get as many threads.
        time_limit_s: limit for one request; an actor that takes longer is killed.
        start_limit_s: limit for placing and starting the actor.
    """

    def __init__(
        self,
        cluster: RayCluster,
        name: str,
        handler_factory: HandlerFactory,
        *,
        cpus: float,
        gpus: float,
        time_limit_s: float,
        start_limit_s: float = 120.0,
    ) -> None:
        self.name = name
        self._cluster = cluster
        self._factory = pickle.dumps(handler_factory)
        self._cpus, self._gpus = cpus, gpus
        self._time_limit_s = time_limit_s
        self._start_limit_s = start_limit_s
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._actor: Any = None
        self._pid: int | None = None
        self._node_id: str | None = None

    @property
    def pid(self) -> int | None:
        """Number of the actor's process on its machine; None while there is none."""
        return self._pid

    def call(
        self, request: Any, *, cancel: CancelToken | None = None, path: Path | None = None
    ) -> Any:
        """Send ``request`` to the actor and wait for its reply.

        Raises:
            EngineError: as raised in the actor.
            WorkerUnavailable: no actor could be started.
            WorkerCrashed: two actors in turn ended with this request, or it raised another
                exception.
            PhotoTimedOut: the time limit was exceeded; the actor was killed.
            Cancelled: ``cancel`` was set or ``close`` called.
            RuntimeError: after ``close``.
        """
        if self._closing.is_set():
            raise RuntimeError(f"{self.name} is closed")
        with self._lock:
            crashes = lost_nodes = 0
            while True:
                try:
                    return self._exchange(request, cancel, path)
                except ActorLost as lost:
                    log.info("the %s ended: %s", self.name, lost)
                    crashes += not lost.node_lost
                    lost_nodes += lost.node_lost
                    if crashes >= _MOST_CRASHES or lost_nodes >= _MOST_LOST_NODES:
                        raise WorkerCrashed(
                            f"The {self.name} stopped unexpectedly, twice with this photo.",
                            operation=WORKING,
                            path=path,
                            hint="The file may be damaged, or the computer short of memory.",
                        ) from lost

    def close(self) -> None:
        """End the actor. A call that is waiting raises ``Cancelled``."""
        self._closing.set()
        with self._lock:
            self._discard()

    # -- all methods below are called with the lock held ---------------------------------------

    def _exchange(self, request: Any, cancel: CancelToken | None, path: Path | None) -> Any:
        if self._actor is None:
            self._start(cancel)
        answer = self._actor.answer.remote(pickle.dumps(request))
        if not self._wait(answer, cancel, self._time_limit_s):
            raise timeout_error(self._time_limit_s, path)
        return reply_value(self.name, self._reply(answer), WORKING, path)

    def _start(self, cancel: CancelToken | None) -> None:
        self._actor = self._cluster.start_actor(
            RequestActor, self._factory, cpus=self._cpus, gpus=self._gpus
        )
        started = self._actor.start.remote()
        if not self._wait(started, cancel, self._start_limit_s):
            raise self._unavailable(f"not ready after {self._start_limit_s:.0f} seconds")
        try:
            reply = self._reply(started)
        except ActorLost as lost:
            raise self._unavailable(str(lost)) from lost
        if reply[0] != "ready":
            self._discard()
        self._pid, self._node_id = reply_value(self.name, reply, STARTING, None)

    def _wait(self, reference: Any, cancel: CancelToken | None, limit_s: float) -> bool:
        """Wait for an answer; if the limit comes first or the caller cancels, end the actor."""
        deadline = time.monotonic() + limit_s
        while not self._cluster.wait(reference, POLL_S):
            cancelled = self._closing.is_set() or (cancel is not None and cancel.cancelled)
            if not cancelled and time.monotonic() < deadline:
                continue
            self._discard()
            if cancelled:
                raise Cancelled
            return False
        return True

    def _reply(self, reference: Any) -> tuple[str, Any]:
        try:
            return pickle.loads(self._cluster.result(reference, self._node_id))
        except ActorLost:
            self._discard()
            raise

    def _unavailable(self, reason: str) -> WorkerUnavailable:
        return WorkerUnavailable(
            f"No {self.name} could be started on the Ray cluster ({reason}).",
            operation=STARTING,
            hint="Every machine needs a free processor and the same version of Pickout.",
        )

    def _discard(self) -> None:
        """End the actor if there is one; the next call starts another."""
        if self._actor is not None:
            self._cluster.end_actor(self._actor)
        self._actor = self._pid = self._node_id = None


class RequestActor:
    """The actor. Requests and replies are pickled here rather than by Ray, which would return
    arrays that cannot be written to, and lose the type of errors."""

    def __init__(self, pickled_factory: bytes) -> None:
        self._factory = pickled_factory

    def start(self) -> bytes:
        """Create the handler. The reply's value is the process id and the machine."""
        if hasattr(os, "nice"):
            os.nice(worker_child.BACKGROUND_NICENESS)
        try:
            self._handle = pickle.loads(self._factory)()
            return pickle.dumps(("ready", (os.getpid(), own_node_id())))
        except Exception as error:
            return pickle.dumps(worker_child.failure(error))

    def answer(self, request: bytes) -> bytes:
        """The reply to a request, as ``worker_child.run_child`` sends it."""
        try:
            return pickle.dumps(("reply", self._handle(pickle.loads(request))))
        except Exception as error:
            return pickle.dumps(worker_child.failure(error))
