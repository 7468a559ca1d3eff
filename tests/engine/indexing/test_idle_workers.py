"""Who gets the next child process."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.decode.process import serve_photos
from engine.errors import Cancelled
from engine.indexing.idle_workers import IdleWorkers
from engine.jobs import CancelToken
from engine.jobs.worker_process import WorkerProcess

PATIENCE_S = 30


def worker(name: str) -> WorkerProcess:
    return WorkerProcess(name, serve_photos, time_limit_s=20)


def test_a_running_worker_is_preferred_to_starting_one() -> None:
    cold, warm = worker("cold"), worker("warm")
    warm.start(wait=True)
    try:
        idle = IdleWorkers([cold, warm])
        assert idle.acquire() is warm
        assert idle.acquire() is cold
        idle.release(cold)
        idle.release(warm)
        assert idle.acquire_with_priority(CancelToken()) is warm
    finally:
        warm.close()


class _Waited(CancelToken):
    """Tells when somebody has begun to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()

    def raise_if_set(self) -> None:
        self.asked.set()
        super().raise_if_set()


def test_a_priority_request_comes_first() -> None:
    only, order = worker("only"), []
    idle = IdleWorkers([only])
    assert idle.acquire() is only

    def use(acquire, name: str) -> None:
        taken = acquire()
        order.append(name)
        idle.release(taken)

    token = _Waited()
    with ThreadPoolExecutor() as threads:
        patient = [threads.submit(use, idle.acquire, "patient") for _ in range(2)]
        hurried = threads.submit(use, lambda: idle.acquire_with_priority(token), "hurried")
        assert token.asked.wait(PATIENCE_S)
        idle.release(only)
        for future in (hurried, *patient):
            future.result(PATIENCE_S)
    assert order == ["hurried", "patient", "patient"]


def test_a_cancelled_request_leaves_the_queue() -> None:
    only, token = worker("only"), _Waited()
    idle = IdleWorkers([only])
    idle.acquire()
    with ThreadPoolExecutor() as threads:
        hurried = threads.submit(idle.acquire_with_priority, token)
        assert token.asked.wait(PATIENCE_S)
        token.cancel()
        with pytest.raises(Cancelled):
            hurried.result(PATIENCE_S)
        idle.release(only)
        assert threads.submit(idle.acquire).result(PATIENCE_S) is only
