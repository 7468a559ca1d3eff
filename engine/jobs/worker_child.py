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
from typing import Any

from engine.errors import EngineError
from engine.jobs import worker_channel

Handle = Callable[[Any], Any]
"""Answers one request."""

Serve = Callable[[], Handle]
"""Called once in the child, before the first request."""


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """How much of the machine a child may take.

    Attributes:
        threads: for numeric libraries; None for their default.
        memory_bytes: address space, where the platform can limit it; None for no limit.
        background: give way to whatever the person does meanwhile, where the platform can.
    """

    threads: int | None = None
    memory_bytes: int | None = None
    background: bool = False


_BACKGROUND_NICENESS = 10


def run_child(connection: Connection, pickled_serve: bytes, limits: ChildLimits) -> None:
    """Main function of the child.

    Replies are pairs: ``("ready", None)`` first, then ``("reply", value)``, ``("problem",
    EngineError)`` or ``("bug", traceback)``.
    """
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
            _answer(handle, connection)


def _answer(handle: Handle, connection: Connection) -> None:
    request = worker_channel.receive(connection)
    try:
        reply = ("reply", handle(request))
    except Exception as error:
        reply = _failure(error)
    try:
        worker_channel.send(connection, reply)
    except OSError:
        raise
    except Exception as error:  # it cannot be pickled, and nothing was sent yet
        worker_channel.send(connection, _failure(error))


def _failure(error: Exception) -> tuple[str, Any]:
    if isinstance(error, EngineError):
        return ("problem", error)
    return ("bug", "".join(traceback.format_exception(error)))


def _leave_with_parent() -> None:
    """End this process when its parent is gone, even in the middle of a request."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


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
