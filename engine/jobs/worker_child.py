"""The child's side of a worker process: answer requests until the parent is gone."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from engine.errors import Cancelled, EngineError
from engine.jobs import worker_channel
from engine.jobs.worker_signals import WorkerSignals

Handler = Callable[..., Any]
"""Answers one request. That of a ``CancellableWorker`` takes a cancel token as second argument."""

HandlerFactory = Callable[[], Handler]
"""Called once in the child, before the first request."""


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """Limits of a child's use of the machine.

    Attributes:
        threads: number of threads of numeric libraries; None for their default.
        memory_bytes: address space, where the platform can limit it; None for no limit.
        background: run at a lower priority, where the platform has one.
        log_path: file to which all output, native code included, is appended.
    """

    threads: int | None = None
    memory_bytes: int | None = None
    background: bool = False
    log_path: Path | None = None


BACKGROUND_NICENESS = 10
_LOG_LIMIT_BYTES = 1 << 20


def run_child(
    connection: Connection,
    pickled_factory: bytes,
    limits: ChildLimits,
    signals: WorkerSignals | None = None,
) -> None:
    """Main function of the child.

    Replies are pairs: ``("ready", None)`` first, then ``("reply", value)``, ``("engine-error",
    EngineError)``, ``("cancelled", None)`` or ``("other-error", traceback)``. With ``signals``,
    messages are pairs too, of a request number and the request, and the handler is called with the
    request and its cancel token.
    """
    if limits.log_path is not None:
        _redirect_output(limits.log_path)
    if signals is not None:
        signals.start_heartbeat()
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the whole process group; the parent ends the child
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    if limits.threads is not None:
        for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ[variable] = str(limits.threads)
    if limits.memory_bytes is not None:
        _limit_memory(limits.memory_bytes)
    if limits.background and hasattr(os, "nice"):
        os.nice(BACKGROUND_NICENESS)
    with contextlib.suppress(EOFError, OSError):  # the parent closed the pipe or is gone
        try:
            handler = pickle.loads(pickled_factory)()
        except Exception as error:
            worker_channel.send(connection, failure(error))
            return
        worker_channel.send(connection, ("ready", None))
        while True:
            _answer(handler, connection, signals)


def _answer(handler: Handler, connection: Connection, signals: WorkerSignals | None) -> None:
    """Receive one request, run the handler and send its reply."""
    arguments = [worker_channel.receive(connection)]
    if signals is not None:
        number, request = arguments[0]
        arguments = [request, signals.token(number)]
    try:
        reply = ("reply", handler(*arguments))
    except Exception as error:
        reply = failure(error)
    try:
        worker_channel.send(connection, reply)
    except OSError:
        raise
    except Exception as error:  # the reply cannot be pickled; nothing was sent yet
        worker_channel.send(connection, failure(error))


def failure(error: Exception) -> tuple[str, Any]:
    """The reply for an exception of the handler."""
    if isinstance(error, Cancelled):
        return ("cancelled", None)
    if isinstance(error, EngineError):
        return ("engine-error", error)
    return ("other-error", "".join(traceback.format_exception(error)))


def _exit_with_parent() -> None:
    """End this process when its parent is gone, even in the middle of a request."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _redirect_output(path: Path) -> None:
    """Append both output streams, at the level of their file descriptors, to the file at ``path``.

    A file that has grown too long is renamed to ``*.old`` first.
    """
    with contextlib.suppress(OSError):
        if path.exists() and path.stat().st_size > _LOG_LIMIT_BYTES:
            os.replace(path, path.with_name(f"{path.name}.old"))
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for descriptor in (1, 2):
            os.dup2(file, descriptor)
        os.close(file)


def _limit_memory(limit_bytes: int) -> None:
    """Limit the address space of this process, where the platform can."""
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit_bytes = min(limit_bytes, hard)
    with contextlib.suppress(ValueError, OSError):  # macOS refuses limits below what is mapped
        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, hard))
