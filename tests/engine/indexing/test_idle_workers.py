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


def test_one_that_runs_comes_before_one_that_would_have_to_be_started() -> None:
    cold, warm = worker("cold"), worker("warm")
    warm.start(wait=True)
    try:
        idle = IdleWorkers([cold, warm])
        assert idle.take() is warm
        assert idle.take() is cold
        idle.give_back(cold)
        idle.give_back(warm)
        assert idle.take_first(CancelToken()) is warm
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


def test_who_is_in_a_hurry_comes_first() -> None:
    only, order = worker("only"), []
    idle = IdleWorkers([only])
    assert idle.take() is only

    def use(take, name: str) -> None:
        taken = take()
        order.append(name)
        idle.give_back(taken)

    token = _Waited()
    with ThreadPoolExecutor() as threads:
        patient = [threads.submit(use, idle.take, "patient") for _ in range(2)]
        hurried = threads.submit(use, lambda: idle.take_first(token), "hurried")
        assert token.asked.wait(PATIENCE_S)
        idle.give_back(only)
        for future in (hurried, *patient):
            future.result(PATIENCE_S)
    assert order == ["hurried", "patient", "patient"]


def test_who_changes_their_mind_is_let_go_and_holds_up_nobody() -> None:
    only, token = worker("only"), _Waited()
    idle = IdleWorkers([only])
    idle.take()
    with ThreadPoolExecutor() as threads:
        hurried = threads.submit(idle.take_first, token)
        assert token.asked.wait(PATIENCE_S)
        token.cancel()
        with pytest.raises(Cancelled):
            hurried.result(PATIENCE_S)
        idle.give_back(only)
        assert threads.submit(idle.take).result(PATIENCE_S) is only
