"""The child's side of a worker process: serve requests until the parent is gone."""

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

Handle = Callable[..., Any]
"""Answers one request; a patient worker's is given a cancel token besides."""

Serve = Callable[[], Handle]
"""Called once in the child, before the first request."""


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """How much of the machine a child may take.

    Attributes:
        threads: for numeric libraries; None for their default.
        memory_bytes: address space, where the platform can limit it; None for no limit.
        background: give way to whatever the person does meanwhile, where the platform can.
        log_path: file that takes what is printed, native code's words included.
    """

    threads: int | None = None
    memory_bytes: int | None = None
    background: bool = False
    log_path: Path | None = None


_BACKGROUND_NICENESS = 10
_LONG_LOG_BYTES = 1 << 20


def run_child(
    connection: Connection,
    pickled_serve: bytes,
    limits: ChildLimits,
    signals: WorkerSignals | None = None,
) -> None:
    """Main function of the child.

    Replies are pairs: ``("ready", None)`` first, then ``("reply", value)``, ``("problem",
    EngineError)``, ``("cancelled", None)`` or ``("bug", traceback)``. With ``signals``, requests
    are pairs too, of a number and what is asked, and what answers them is given a cancel token
    besides.
    """
    if limits.log_path is not None:
        _print_into(limits.log_path)
    if signals is not None:
        signals.start_beating()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when this ends
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    if limits.threads is not None:
        for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ[variable] = str(limits.threads)
    if limits.memory_bytes is not None:
        _limit_memory(limits.memory_bytes)
    if limits.background and hasattr(os, "nice"):
        os.nice(_BACKGROUND_NICENESS)
    with contextlib.suppress(EOFError, OSError):  # the parent closed the pipe or is gone
        try:
            handle = pickle.loads(pickled_serve)()
        except Exception as error:
            worker_channel.send(connection, _failure(error))
            return
        worker_channel.send(connection, ("ready", None))
        while True:
            _answer(handle, connection, signals)


def _answer(handle: Handle, connection: Connection, signals: WorkerSignals | None) -> None:
    asked = [worker_channel.receive(connection)]
    if signals is not None:
        number, request = asked[0]
        asked = [request, signals.token(number)]
    try:
        reply = ("reply", handle(*asked))
    except Exception as error:
        reply = _failure(error)
    try:
        worker_channel.send(connection, reply)
    except OSError:
        raise
    except Exception as error:  # it cannot be pickled, and nothing was sent yet
        worker_channel.send(connection, _failure(error))


def _failure(error: Exception) -> tuple[str, Any]:
    if isinstance(error, Cancelled):
        return ("cancelled", None)
    if isinstance(error, EngineError):
        return ("problem", error)
    return ("bug", "".join(traceback.format_exception(error)))


def _leave_with_parent() -> None:
    """End this process when its parent is gone, even in the middle of a request."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _print_into(path: Path) -> None:
    """Both streams, down to their descriptors. What was there is kept aside once it is long."""
    with contextlib.suppress(OSError):
        if path.exists() and path.stat().st_size > _LONG_LOG_BYTES:
            os.replace(path, path.with_name(f"{path.name}.old"))
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for stream in (1, 2):
            os.dup2(file, stream)
        os.close(file)


def _limit_memory(limit_bytes: int) -> None:
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit_bytes = min(limit_bytes, hard)
    with contextlib.suppress(ValueError, OSError):  # macOS refuses limits below what is mapped
        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, hard))
