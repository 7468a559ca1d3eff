"""A child process may crash, hang or be killed; its parent gets an error and continues."""

import functools
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from engine.errors import (
    Cancelled,
    ModelMissing,
    PhotoTimedOut,
    PhotoUnreadable,
    WorkerCrashed,
)
from engine.jobs import CancelToken
from engine.jobs.worker_process import WorkerProcess

REPOSITORY = Path(__file__).parents[3]
DEADLINE_S = 30.0


@pytest.fixture
def worker(worker_functions):
    process = WorkerProcess("test worker", worker_functions.serve, time_limit_s=DEADLINE_S)
    yield process
    process.close()


def wait_for(condition, deadline_s=DEADLINE_S):
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, "the condition did not become true in time"
        threading.Event().wait(0.01)


def is_running(pid: int) -> bool:
    """False for a zombie: it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def read_pid(marker: Path) -> int:
    wait_for(lambda: marker.exists() and marker.read_text())
    return int(marker.read_text())


def test_it_answers_from_another_process_and_keeps_it(worker):
    assert worker.pid is None
    first = worker.call(("pid",))
    assert first == worker.pid != os.getpid()
    assert worker.call(("pid",)) == first


def test_arrays_arrive_complete_and_writable(worker):
    reply = worker.call(("ones", (2500, 4000, 3)))  # more than one piece
    assert reply["rgb"].shape == (2500, 4000, 3)
    assert reply["rgb"].sum() == 2500 * 4000 * 3
    assert reply["mask"].shape == (4, 3)
    reply["rgb"][0, 0] = 9


def test_arrays_are_sent_to_the_child(worker):
    photo = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert np.array_equal(worker.call(("echo", photo[:, ::-1])), photo[:, ::-1])


def test_an_engine_error_arrives_as_it_was_raised(worker):
    with pytest.raises(PhotoUnreadable) as caught:
        worker.call(("engine_error",))
    assert caught.value.path == Path("a.jpg")
    assert caught.value.hint == "x"
    assert worker.call(("echo", 1)) == 1


@pytest.mark.parametrize("command", ["bug", "unpicklable"])
def test_a_bug_in_the_child_is_logged_with_its_traceback(worker, caplog, command):
    pid = worker.call(("pid",))
    with pytest.raises(WorkerCrashed):
        worker.call((command,))
    assert "Traceback" in caplog.text
    caplog.clear()
    assert worker.call(("pid",)) == pid


def test_a_child_that_dies_is_replaced(worker, caplog):
    pid = worker.call(("pid",))
    with pytest.raises(WorkerCrashed, match="exit code 3"):
        worker.call(("die",), path=Path("b.jpg"))
    caplog.clear()
    assert not is_running(pid)
    assert worker.call(("pid",)) != pid


def test_a_child_killed_in_the_middle_of_a_request(worker, tmp_path, caplog):
    marker = tmp_path / "pid"
    killer = threading.Thread(target=lambda: os.kill(read_pid(marker), signal.SIGKILL))
    killer.start()
    with pytest.raises(WorkerCrashed, match="-9"):
        worker.call(("hang", str(marker)))
    killer.join()
    caplog.clear()
    assert worker.call(("echo", "again")) == "again"


def test_a_child_killed_between_requests_is_replaced(worker):
    os.kill(worker.call(("pid",)), signal.SIGKILL)
    wait_for(lambda: not worker._process.is_alive())
    assert worker.call(("echo", 5)) == 5


def test_a_hanging_child_is_killed_at_the_time_limit(worker, tmp_path):
    marker = tmp_path / "pid"
    with pytest.raises(PhotoTimedOut) as caught:
        worker.call(("hang", str(marker)), time_limit_s=0.3, path=Path("c.jpg"))
    assert caught.value.path == Path("c.jpg")
    assert not is_running(read_pid(marker))
    assert worker.call(("echo", 2)) == 2


def test_a_child_stopped_by_a_signal_is_killed_too(worker):
    pid = worker.call(("pid",))
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(PhotoTimedOut):
        worker.call(("echo", bytes(5_000_000)), time_limit_s=0.3)  # sending it blocks
    assert not is_running(pid)


def test_cancelling_kills_the_child(worker, tmp_path):
    cancel, marker = CancelToken(), tmp_path / "pid"

    def cancel_when_started():
        read_pid(marker)
        cancel.cancel()

    threading.Thread(target=cancel_when_started).start()
    with pytest.raises(Cancelled):
        worker.call(("hang", str(marker)), cancel=cancel)
    assert not is_running(read_pid(marker))


def test_a_queued_call_can_be_cancelled_without_effect_on_the_running_one(worker, tmp_path):
    marker, cancel, endings = tmp_path / "pid", CancelToken(), []

    def call_first():
        with pytest.raises(Cancelled):
            worker.call(("hang", str(marker)), cancel=cancel)
        endings.append("first")

    first = threading.Thread(target=call_first)
    first.start()
    pid = read_pid(marker)
    cancelled = CancelToken()
    cancelled.cancel()
    with pytest.raises(Cancelled):
        worker.call(("echo", 1), cancel=cancelled)
    assert is_running(pid) and not endings
    cancel.cancel()
    first.join()


def test_a_caller_who_cancels_during_the_start_leaves_the_child_starting(worker_functions):
    worker = WorkerProcess("slow starter", worker_functions.serve_never, time_limit_s=1)
    try:
        worker.start()
        pid, cancel = worker.pid, CancelToken()
        cancel.cancel()
        with pytest.raises(Cancelled):
            worker.call(("echo", 1), cancel=cancel)
        assert is_running(pid)
    finally:
        worker.close()
    assert not is_running(pid)


def test_an_error_of_the_factory_is_raised_for_every_caller(worker_functions):
    worker = WorkerProcess("no model", worker_functions.serve_without_model, time_limit_s=1)
    for _ in range(2):
        with pytest.raises(ModelMissing, match="Install it"):
            worker.start(wait=True)
    assert worker.pid is None


def test_a_factory_with_a_bug(worker_functions, caplog):
    worker = WorkerProcess("buggy", worker_functions.serve_with_bug, time_limit_s=1)
    with pytest.raises(WorkerCrashed, match="ZeroDivisionError: no model fits"):
        worker.call(("echo", 1))
    caplog.clear()


def test_a_start_over_its_limit(worker_functions):
    worker = WorkerProcess("slow", worker_functions.serve_never, time_limit_s=1, start_limit_s=0.2)
    with pytest.raises(WorkerCrashed, match="not ready"):
        worker.call(("echo", 1))
    assert worker.pid is None


def test_a_partial_is_a_factory(worker_functions):
    worker = WorkerProcess(
        "partial", functools.partial(worker_functions.serve_as, 42), time_limit_s=9
    )
    try:
        assert worker.call(None) == 42
    finally:
        worker.close()


def test_a_request_that_cannot_be_pickled_leaves_the_worker_usable(worker):
    with pytest.raises((AttributeError, TypeError, pickle.PicklingError)):
        worker.call(("echo", lambda: None))
    assert worker.call(("echo", 3)) == 3


def test_each_thread_gets_the_replies_to_its_own_requests(worker):
    answers = {}

    def ask(number):
        answers[number] = [worker.call(("echo", (number, turn))) for turn in range(5)]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {n: [(n, turn) for turn in range(5)] for n in range(4)}


def test_close_ends_the_child_and_leaves_no_zombie(worker):
    pid = worker.call(("pid",))
    worker.close()
    assert worker.pid is None
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(RuntimeError, match="closed"):
        worker.call(("echo", 1))
    with pytest.raises(RuntimeError, match="closed"):
        worker.start()
    worker.close()


def test_close_cancels_a_waiting_call(worker, tmp_path):
    marker = tmp_path / "pid"
    closer = threading.Thread(target=lambda: (read_pid(marker), worker.close()))
    closer.start()
    with pytest.raises(Cancelled):
        worker.call(("hang", str(marker)))
    closer.join()
    assert not is_running(read_pid(marker))


def test_the_number_of_threads_is_set_before_anything_is_imported(worker_functions):
    worker = WorkerProcess("one thread", worker_functions.serve, time_limit_s=9, threads=1)
    try:
        assert worker.call(("environment", "OMP_NUM_THREADS")) == "1"
    finally:
        worker.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_an_allocation_over_the_memory_limit_is_an_error(worker_functions, caplog):
    worker = WorkerProcess(
        "small", worker_functions.serve, time_limit_s=DEADLINE_S, memory_limit_bytes=2 << 30
    )
    try:
        assert worker.call(("allocate", 1 << 20)) == 1 << 20
        with pytest.raises(WorkerCrashed, match="MemoryError"):
            worker.call(("allocate", 3 << 30))
    finally:
        worker.close()
    caplog.clear()


def script(tmp_path: Path, text: str) -> list[str]:
    """A plain script that has a child; it prints the child's pid."""
    worker_functions = Path(__file__).parent / "worker_functions"
    path = tmp_path / "plain_script.py"
    path.write_text(
        f"import sys; sys.path[:0] = [{str(REPOSITORY)!r}, {str(worker_functions)!r}]\n"
        "import worker_functions\n"
        "from engine.jobs.worker_process import WorkerProcess\n"
        "worker = WorkerProcess('w', worker_functions.serve, time_limit_s=600)\n" + text
    )
    return [sys.executable, str(path)]


def test_a_script_without_a_guard_works_and_its_imports_stay_in_the_parent(tmp_path):
    text = (
        "import fractions\n"
        "print('fractions' in worker.call(('modules',)), worker.call(('echo', 7)))\n"
    )
    ended = subprocess.run(script(tmp_path, text), capture_output=True, text=True, timeout=60)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("False 7\n", "", 0)


def test_a_factory_in_main_works(tmp_path):
    text = (
        "def serve():\n    return handle\n"
        "def handle(request):\n    return request + 1\n"
        "if __name__ == '__main__':\n"
        "    print(WorkerProcess('m', serve, time_limit_s=60).call(1))\n"
    )
    ended = subprocess.run(script(tmp_path, text), capture_output=True, text=True, timeout=60)
    assert (ended.stdout, ended.stderr) == ("2\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("state", ["waiting", "busy"])
def test_the_child_ends_when_its_parent_is_killed(tmp_path, state):
    marker = tmp_path / "pid"
    if state == "busy":
        text = f"worker.call(('spin', {str(marker)!r}))\n"
    else:
        text = (
            f"open({str(marker)!r}, 'w').write(str(worker.call(('pid',))))\n"
            "import threading; threading.Event().wait()\n"
        )
    parent = subprocess.Popen(script(tmp_path, text))
    try:
        child = read_pid(marker)
        assert is_running(child)
    finally:
        parent.kill()
        parent.wait()
    wait_for(lambda: not is_running(child))


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_in_a_terminal_prints_nothing_of_the_child(tmp_path):
    marker = tmp_path / "pid"
    text = (
        "try:\n"
        f"    worker.call(('hang', {str(marker)!r}))\n"
        "except KeyboardInterrupt:\n"
        "    print('stopped')\n"
    )
    parent = subprocess.Popen(
        script(tmp_path, text),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    child = read_pid(marker)
    os.killpg(parent.pid, signal.SIGINT)  # a terminal signals the whole group
    out, err = parent.communicate(timeout=60)
    assert (out, err) == ("stopped\n", "")
    assert not is_running(child)
