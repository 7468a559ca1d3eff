"""A child that is expensive to start survives a cancelled request; one that hangs is killed."""

import os
import pickle
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from engine.errors import Cancelled, PhotoTimedOut, PhotoUnreadable, WorkerCrashed
from engine.jobs import CancelToken
from engine.jobs.cancellable_worker import CancellableWorker
from tests.engine.jobs.test_worker_process import DEADLINE_S, is_running, wait_for


@pytest.fixture
def start_worker(worker_functions):
    """Factory of workers, which are closed at the end."""
    workers = []

    def create(**options):
        options = {"time_limit_s": DEADLINE_S} | options
        workers.append(
            CancellableWorker("test worker", worker_functions.serve_cancellable, **options)
        )
        return workers[-1]

    yield create
    for worker in workers:
        worker.close()


def in_thread(work):
    """Start ``work`` in a thread; its result or exception becomes the only item of the list."""
    outcome = []

    def run():
        try:
            outcome.append(work())
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


def cancel_while_running(worker, marker: Path, command: str) -> None:
    token = CancelToken()
    thread, outcome = in_thread(lambda: worker.call((command, str(marker)), cancel=token))
    wait_for(lambda: marker.exists() and marker.read_text() == "started")
    token.cancel()
    thread.join(DEADLINE_S)
    assert isinstance(outcome[0], Cancelled)


def test_it_answers_and_its_errors_arrive(start_worker, caplog):
    worker = start_worker()
    photo = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert np.array_equal(worker.call(("echo", photo)), photo)
    with pytest.raises(PhotoUnreadable):
        worker.call(("engine_error",))
    with pytest.raises(WorkerCrashed, match="a bug"):
        worker.call(("bug",))


def test_a_cancelled_request_leaves_the_child_alive(start_worker, tmp_path):
    worker = start_worker()
    pid = worker.call(("pid",))
    for turn in range(3):
        marker = tmp_path / f"marker-{turn}"
        cancel_while_running(worker, marker, "until cancelled")
        assert worker.call(("echo", turn)) == turn, "the reply of another request"
        assert marker.read_text() == "cancelled"
    assert worker.call(("pid",)) == pid


def test_a_child_that_ignores_cancelling_is_killed_for_the_next_request(start_worker, tmp_path):
    worker = start_worker(cancel_grace_s=0.3)
    pid = worker.call(("pid",))
    cancel_while_running(worker, tmp_path / "marker", "ignore cancel")
    other = worker.call(("pid",))
    assert other != pid and not is_running(pid)


def test_a_request_over_its_time_limit_is_cancelled_and_the_child_kept(start_worker, tmp_path):
    worker = start_worker()
    pid = worker.call(("pid",))
    with pytest.raises(PhotoTimedOut, match=r"longer than 0\.2 seconds"):
        worker.call(("until cancelled", str(tmp_path / "marker")), time_limit_s=0.2)
    assert worker.call(("pid",)) == pid


def test_a_stopped_child_is_reported_and_may_continue(start_worker):
    worker = start_worker()
    pid = worker.call(("pid",))
    reports = []

    def report(unresponsive: bool) -> None:
        reports.append(unresponsive)
        if unresponsive:
            os.kill(pid, signal.SIGCONT)

    worker.on_unresponsive = report
    os.kill(pid, signal.SIGSTOP)
    big = np.zeros((900, 900, 3), np.uint8)  # more than a pipe holds
    assert worker.call(("echo", big)).shape == big.shape
    assert worker.call(("pid",)) == pid
    assert reports == [True, False]


def test_a_child_that_stays_stopped_is_killed_and_replaced(start_worker):
    worker = start_worker(unresponsive_limit_s=0.5)
    pid = worker.call(("pid",))
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(WorkerCrashed, match="did not respond"):
        worker.call(("echo", 1))
    assert not is_running(pid)
    assert worker.call(("echo", 2)) == 2


def test_a_child_stopped_in_the_middle_is_killed_too(start_worker, tmp_path):
    worker = start_worker(unresponsive_limit_s=0.5)
    worker.call(("pid",))
    marker = tmp_path / "marker"
    thread, outcome = in_thread(lambda: worker.call(("until cancelled", str(marker))))
    wait_for(lambda: marker.exists() and marker.read_text() == "started")
    os.kill(worker.pid, signal.SIGSTOP)
    thread.join(DEADLINE_S)
    assert isinstance(outcome[0], WorkerCrashed)


def test_a_child_that_was_cancelled_while_stopped_is_replaced(start_worker, tmp_path):
    worker = start_worker(cancel_grace_s=0.3, unresponsive_limit_s=DEADLINE_S)
    pid = worker.call(("pid",))
    marker, token = tmp_path / "marker", CancelToken()
    thread, outcome = in_thread(lambda: worker.call(("until cancelled", str(marker)), cancel=token))
    wait_for(lambda: marker.exists() and marker.read_text() == "started")
    os.kill(pid, signal.SIGSTOP)
    token.cancel()
    thread.join(DEADLINE_S)
    assert isinstance(outcome[0], Cancelled)
    assert worker.call(("echo", 1)) == 1 and not is_running(pid)


def test_a_dead_child_is_an_error_and_the_next_request_gets_a_new_child(start_worker, caplog):
    worker = start_worker()
    with pytest.raises(WorkerCrashed, match="exit code 3"):
        worker.call(("die",))
    assert worker.call(("echo", "x")) == "x"


def test_a_request_that_cannot_be_pickled_raises_in_the_caller(start_worker):
    worker = start_worker()
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        worker.call(("echo", lambda: None))
    assert worker.call(("echo", 1)) == 1


def test_a_stopped_worker_starts_a_new_child_on_demand(start_worker):
    worker = start_worker()
    pid = worker.call(("pid",))
    worker.stop_child()
    assert worker.pid is None and not is_running(pid)
    worker.stop_child()
    assert worker.call(("pid",)) != pid


def test_everything_printed_goes_to_the_log(start_worker, tmp_path, capfd):
    log = tmp_path / "worker.log"
    worker = start_worker(log_path=log)
    worker.call(("print",))
    worker.close()
    text = log.read_text()
    assert "said in Python" in text and "said by native code" in text and "complained" in text
    assert capfd.readouterr() == ("", "")


def test_a_long_log_is_renamed(start_worker, tmp_path):
    log = tmp_path / "worker.log"
    log.write_bytes(b"x" * ((1 << 20) + 1))
    start_worker(log_path=log).call(("print",))
    assert len(log.read_bytes()) < 1000
    assert len((tmp_path / "worker.log.old").read_bytes()) > 1 << 20


def test_closing_ends_a_request_that_waits(start_worker, tmp_path):
    worker = start_worker()
    worker.call(("pid",))
    marker = tmp_path / "marker"
    thread, outcome = in_thread(lambda: worker.call(("until cancelled", str(marker))))
    wait_for(lambda: marker.exists() and marker.read_text() == "started")
    start_time = time.monotonic()
    worker.close()
    thread.join(DEADLINE_S)
    assert isinstance(outcome[0], Cancelled) and worker.pid is None
    assert time.monotonic() - start_time < DEADLINE_S
