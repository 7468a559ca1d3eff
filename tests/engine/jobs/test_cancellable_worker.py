"""A child that is expensive to start survives a change of mind; one that hangs does not."""

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
def make(worker_functions):
    """Makes workers and closes them."""
    made = []

    def run(**options):
        options = {"time_limit_s": DEADLINE_S} | options
        made.append(
            CancellableWorker("patient worker", worker_functions.serve_patiently, **options)
        )
        return made[-1]

    yield run
    for worker in made:
        worker.close()


def in_thread(work):
    """Runs it; what it raised or returned is the only item of the list in the end."""
    ended = []

    def run():
        try:
            ended.append(work())
        except Exception as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, ended


def cancelled_in_the_middle(worker, marker: Path, what: str) -> None:
    token = CancelToken()
    thread, ended = in_thread(lambda: worker.call((what, str(marker)), cancel=token))
    wait_for(lambda: marker.exists() and marker.read_text() == "begun")
    token.cancel()
    thread.join(DEADLINE_S)
    assert isinstance(ended[0], Cancelled)


def test_it_answers_and_its_errors_arrive(make, caplog):
    worker = make()
    photo = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert np.array_equal(worker.call(("echo", photo)), photo)
    with pytest.raises(PhotoUnreadable):
        worker.call(("problem",))
    with pytest.raises(WorkerCrashed, match="a bug"):
        worker.call(("bug",))


def test_a_change_of_mind_leaves_the_child_alive(make, tmp_path):
    worker = make()
    pid = worker.call(("pid",))
    for turn in range(3):
        marker = tmp_path / f"marker-{turn}"
        cancelled_in_the_middle(worker, marker, "until cancelled")
        assert worker.call(("echo", turn)) == turn, "the reply of another request"
        assert marker.read_text() == "cancelled"
    assert worker.call(("pid",)) == pid


def test_a_child_that_does_not_give_up_is_killed_for_the_next_request(make, tmp_path):
    worker = make(wind_down_s=0.3)
    pid = worker.call(("pid",))
    cancelled_in_the_middle(worker, tmp_path / "marker", "stubborn")
    other = worker.call(("pid",))
    assert other != pid and not is_running(pid)


def test_too_much_time_gives_the_request_up_and_not_the_child(make, tmp_path):
    worker = make()
    pid = worker.call(("pid",))
    with pytest.raises(PhotoTimedOut, match="longer than 0.2 seconds"):
        worker.call(("until cancelled", str(tmp_path / "marker")), time_limit_s=0.2)
    assert worker.call(("pid",)) == pid


def test_a_stopped_child_is_noticed_and_may_come_back(make):
    worker = make()
    pid = worker.call(("pid",))
    heard = []

    def note(silent: bool) -> None:
        heard.append(silent)
        if silent:
            os.kill(pid, signal.SIGCONT)

    worker.on_silence = note
    os.kill(pid, signal.SIGSTOP)
    big = np.zeros((900, 900, 3), np.uint8)  # more than a pipe holds
    assert worker.call(("echo", big)).shape == big.shape
    assert worker.call(("pid",)) == pid
    assert heard == [True, False]


def test_a_child_that_stays_stopped_is_killed_and_replaced(make):
    worker = make(silence_limit_s=0.5)
    pid = worker.call(("pid",))
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(WorkerCrashed, match="did not respond"):
        worker.call(("echo", 1))
    assert not is_running(pid)
    assert worker.call(("echo", 2)) == 2


def test_a_child_stopped_in_the_middle_is_killed_too(make, tmp_path):
    worker = make(silence_limit_s=0.5)
    worker.call(("pid",))
    marker = tmp_path / "marker"
    thread, ended = in_thread(lambda: worker.call(("until cancelled", str(marker))))
    wait_for(lambda: marker.exists() and marker.read_text() == "begun")
    os.kill(worker.pid, signal.SIGSTOP)
    thread.join(DEADLINE_S)
    assert isinstance(ended[0], WorkerCrashed)


def test_a_child_that_was_cancelled_while_stopped_is_replaced(make, tmp_path):
    worker = make(wind_down_s=0.3, silence_limit_s=DEADLINE_S)
    pid = worker.call(("pid",))
    marker, token = tmp_path / "marker", CancelToken()
    thread, ended = in_thread(lambda: worker.call(("until cancelled", str(marker)), cancel=token))
    wait_for(lambda: marker.exists() and marker.read_text() == "begun")
    os.kill(pid, signal.SIGSTOP)
    token.cancel()
    thread.join(DEADLINE_S)
    assert isinstance(ended[0], Cancelled)
    assert worker.call(("echo", 1)) == 1 and not is_running(pid)


def test_death_is_told_and_the_next_request_has_a_new_child(make, caplog):
    worker = make()
    with pytest.raises(WorkerCrashed, match="exit code 3"):
        worker.call(("die",))
    assert worker.call(("echo", "x")) == "x"


def test_what_cannot_be_sent_is_the_callers_mistake(make):
    worker = make()
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        worker.call(("echo", lambda: None))
    assert worker.call(("echo", 1)) == 1


def test_resting_gives_the_child_up_until_it_is_needed(make):
    worker = make()
    pid = worker.call(("pid",))
    worker.rest()
    assert worker.pid is None and not is_running(pid)
    worker.rest()
    assert worker.call(("pid",)) != pid


def test_everything_printed_goes_to_the_log(make, tmp_path, capfd):
    log = tmp_path / "worker.log"
    worker = make(log_path=log)
    worker.call(("print",))
    worker.close()
    said = log.read_text()
    assert "said in Python" in said and "said by native code" in said and "complained" in said
    assert capfd.readouterr() == ("", "")


def test_a_long_log_is_put_aside(make, tmp_path):
    log = tmp_path / "worker.log"
    log.write_bytes(b"x" * ((1 << 20) + 1))
    make(log_path=log).call(("print",))
    assert len(log.read_bytes()) < 1000
    assert len((tmp_path / "worker.log.old").read_bytes()) > 1 << 20


def test_closing_ends_a_request_that_waits(make, tmp_path):
    worker = make()
    worker.call(("pid",))
    marker = tmp_path / "marker"
    thread, ended = in_thread(lambda: worker.call(("until cancelled", str(marker))))
    wait_for(lambda: marker.exists() and marker.read_text() == "begun")
    began = time.monotonic()
    worker.close()
    thread.join(DEADLINE_S)
    assert isinstance(ended[0], Cancelled) and worker.pid is None
    assert time.monotonic() - began < DEADLINE_S
