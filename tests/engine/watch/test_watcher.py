"""Real folders and real events; only refusals of the system are simulated."""

import errno
import logging
import queue
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from watchdog.observers import Observer

from engine.watch import mounts
from engine.watch.rescan_schedule import RescanIntervals
from engine.watch.watcher import FolderWatcher

SHORT_INTERVALS = RescanIntervals(
    quiet_s=0.05, max_delay_s=0.5, unwatched_rescan_s=600, watched_rescan_s=3600, root_check_s=0.1
)
DEADLINE_S = 20.0


class Calls:
    """Collects the folders that were reported as dirty."""

    def __init__(self):
        self._queue = queue.Queue()

    def __call__(self, root):
        self._queue.put(root)

    def wait(self):
        return self._queue.get(timeout=DEADLINE_S)

    def drain(self, seconds=0.5):
        """Drop calls until none came for ``seconds``."""
        try:
            while True:
                self._queue.get(timeout=seconds)
        except queue.Empty:
            return


@pytest.fixture
def calls():
    return Calls()


@pytest.fixture
def make_watcher(calls):
    watchers = []

    def make(intervals=SHORT_INTERVALS, **options):
        watchers.append(FolderWatcher(calls, intervals=intervals, **options))
        return watchers[-1]

    yield make
    for watcher in watchers:
        watcher.close()


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    (folder / "2021").mkdir(parents=True)
    (folder / "old.jpg").write_bytes(b"old")
    return folder


def wait_for(condition):
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, "the condition did not become true in time"
        threading.Event().wait(0.01)


def watching(make_watcher, calls, photos, **options):
    """A watcher that is set up and has made its first call."""
    watcher = make_watcher(**options)
    watcher.watch(photos)
    assert calls.wait() == photos
    calls.drain()
    return watcher


def test_a_folder_is_dirty_when_watching_begins(make_watcher, calls, photos):
    watcher = make_watcher()
    watcher.watch(photos)
    assert calls.wait() == photos
    assert watcher.warning == ""


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "new.jpg").write_bytes(b"x"),
        lambda root: (root / "2021" / "new.jpg").write_bytes(b"x"),
        lambda root: (root / "old.jpg").write_bytes(b"other"),
        lambda root: (root / "old.jpg").unlink(),
        lambda root: (root / "old.jpg").rename(root / "renamed.jpg"),
        lambda root: (root / "old.jpg").rename(root.parent / "out.jpg"),
        lambda root: (root / "2021").rename(root.parent / "out"),
        lambda root: shutil.copytree(root, root / "copy"),
    ],
)
def test_every_change_makes_it_dirty(make_watcher, calls, photos, change):
    watching(make_watcher, calls, photos)
    change(photos)
    assert calls.wait() == photos


def test_new_folders_are_watched_too(make_watcher, calls, photos):
    watching(make_watcher, calls, photos)
    (photos / "new" / "deep").mkdir(parents=True)
    assert calls.wait() == photos
    calls.drain()
    (photos / "new" / "deep" / "a.jpg").write_bytes(b"x")
    assert calls.wait() == photos


def test_reading_is_not_a_change(make_watcher, calls, photos):
    watching(make_watcher, calls, photos)
    for _ in range(5):
        (photos / "old.jpg").read_bytes()
    (photos / "marker.jpg").write_bytes(b"x")
    assert calls.wait() == photos
    calls.drain()
    (photos / "old.jpg").read_bytes()
    with pytest.raises(queue.Empty):
        calls._queue.get(timeout=0.5)


def test_a_burst_is_one_change(make_watcher, calls, photos):
    long_quiet = RescanIntervals(quiet_s=0.4, max_delay_s=60, root_check_s=0.1)
    watching(make_watcher, calls, photos, intervals=long_quiet)
    for number in range(300):
        (photos / f"{number}.jpg").write_bytes(b"x")
    assert calls.wait() == photos
    with pytest.raises(queue.Empty):
        calls._queue.get(timeout=0.8)


def test_only_the_folder_that_changed(make_watcher, calls, photos, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    watcher = watching(make_watcher, calls, photos)
    watcher.watch(other)
    assert calls.wait() == other
    calls.drain()
    (other / "a.jpg").write_bytes(b"x")
    assert calls.wait() == other


def test_after_unwatch_no_call_is_made(make_watcher, calls, photos, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    watcher = watching(make_watcher, calls, photos)
    watcher.watch(other)
    calls.wait()
    watcher.unwatch(photos)
    calls.drain()
    (photos / "a.jpg").write_bytes(b"x")
    (other / "a.jpg").write_bytes(b"x")
    assert calls.wait() == other
    watcher.watch(photos)  # it can be watched again
    assert calls.wait() == photos
    calls.drain()
    (photos / "b.jpg").write_bytes(b"x")
    assert calls.wait() == photos


def test_a_folder_that_vanishes_and_comes_back(make_watcher, calls, photos, tmp_path):
    watcher = watching(make_watcher, calls, photos)
    photos.rename(tmp_path / "unplugged")
    assert calls.wait() == photos
    calls.drain()
    (tmp_path / "unplugged").rename(photos)
    assert calls.wait() == photos
    calls.drain()
    (photos / "2021" / "a.jpg").write_bytes(b"x")
    assert calls.wait() == photos
    assert watcher.warning == ""


def test_a_folder_that_is_deleted_and_created_again(make_watcher, calls, photos):
    watching(make_watcher, calls, photos)
    shutil.rmtree(photos)
    photos.mkdir()
    calls.wait()
    calls.drain()
    (photos / "a.jpg").write_bytes(b"x")
    assert calls.wait() == photos


def test_a_folder_that_is_not_there_yet(make_watcher, calls, tmp_path):
    late = tmp_path / "late"
    watcher = make_watcher()
    watcher.watch(late)
    calls.wait()
    calls.drain()
    late.mkdir()
    assert calls.wait() == late
    calls.drain()
    (late / "a.jpg").write_bytes(b"x")
    assert calls.wait() == late


class RefusingObserver:
    """A real observer that refuses watches, as at the limit of the system."""

    def __init__(self, number, only_flat=False):
        self._real = Observer()
        self._number = number
        self._only_flat = only_flat

    def schedule(self, handler, path, *, recursive, event_filter):
        if not (self._only_flat and recursive):
            raise OSError(self._number, "inotify watch limit reached")
        return self._real.schedule(handler, path, recursive=recursive, event_filter=event_filter)

    def __getattr__(self, name):
        return getattr(self._real, name)


FREQUENT_RESCANS = RescanIntervals(
    quiet_s=0.05, max_delay_s=0.5, unwatched_rescan_s=0.3, watched_rescan_s=3600, root_check_s=0.1
)


@pytest.mark.parametrize(
    ("number", "only_flat", "words"),
    [
        (errno.ENOSPC, False, "limit for watching"),
        (errno.EMFILE, False, "limit for watching"),
        # the folder itself could be watched, but not all those below it
        (errno.ENOSPC, True, "limit for watching"),
        (errno.ENOSYS, False, "does not report"),
    ],
)
def test_a_folder_that_cannot_be_watched_is_scanned_at_intervals(
    make_watcher, calls, photos, number, only_flat, words
):
    watcher = make_watcher(
        FREQUENT_RESCANS, make_observer=lambda: RefusingObserver(number, only_flat)
    )
    watcher.watch(photos)
    for _ in range(3):
        assert calls.wait() == photos
    assert watcher.warning.startswith("Changes in 1 folder are noticed only every 1 minutes")
    assert words in watcher.warning


def test_a_system_without_any_observer(make_watcher, calls, photos, caplog):
    def fail():
        raise RuntimeError("no observer on this system")

    watcher = make_watcher(FREQUENT_RESCANS, make_observer=fail)
    watcher.watch(photos)
    for _ in range(2):
        assert calls.wait() == photos
    assert "does not report" in watcher.warning


def test_network_drives_are_scanned_at_intervals(
    make_watcher, calls, photos, tmp_path, monkeypatch
):
    table = tmp_path / "mounts"
    table.write_text(f"/dev/sda1 / ext4 rw 0 0\nnas:/x {photos} nfs4 rw 0 0\n")
    monkeypatch.setattr(mounts, "_MOUNTS", table)
    watcher = make_watcher(FREQUENT_RESCANS)
    watcher.watch(photos)
    for _ in range(2):
        assert calls.wait() == photos
    assert "network drive" in watcher.warning


def test_lost_events_make_every_folder_dirty(make_watcher, calls, photos):
    watching(make_watcher, calls, photos)
    logging.getLogger("watchdog.observers.inotify_c").warning(
        "Inotify queue overflowed; filesystem events were lost"
    )
    assert calls.wait() == photos


def test_a_broken_watch_is_replaced_by_rescans(make_watcher, calls, photos):
    watcher = watching(make_watcher, calls, photos)
    logging.getLogger("watchdog.observers.inotify").error(
        "Unable to rebuild recursive inotify watches below %r", b"/x"
    )
    assert calls.wait() == photos
    wait_for(lambda: "does not report" in watcher.warning)


def test_watched_folders_are_scanned_at_intervals_too(make_watcher, calls, photos):
    watcher = make_watcher(
        RescanIntervals(quiet_s=0.05, max_delay_s=0.5, watched_rescan_s=0.3, root_check_s=0.1)
    )
    watcher.watch(photos)
    for _ in range(3):
        assert calls.wait() == photos
    assert watcher.warning == ""


def test_a_listener_that_fails_is_logged_and_called_again(photos, caplog):
    calls = queue.Queue()

    def listen(root: Path):
        calls.put(root)
        raise LookupError("a bug")

    watcher = FolderWatcher(listen, intervals=SHORT_INTERVALS)
    try:
        watcher.watch(photos)
        calls.get(timeout=DEADLINE_S)
        (photos / "a.jpg").write_bytes(b"x")
        calls.get(timeout=DEADLINE_S)
    finally:
        watcher.close()
    assert "a bug" in caplog.text


def test_closing(make_watcher, photos):
    watcher = make_watcher()
    watcher.close()
    with pytest.raises(RuntimeError, match="closed"):
        watcher.watch(photos)
    watcher.close()
    names = {thread.name for thread in threading.enumerate()}
    assert "pickout-watcher" not in names


UNDER_A_LIMIT = """
import sys, threading
from pathlib import Path
from engine.watch.watcher import FolderWatcher
calls = threading.Event()
watcher = FolderWatcher(lambda root: calls.set())
watcher.watch(Path(sys.argv[1]))
calls.wait(20)
print(watcher.warning)
watcher.close()
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs a user namespace")
def test_the_limit_of_this_system(photos):
    """Watchdog does not report when it is reached below the folder."""
    for number in range(40):
        (photos / str(number)).mkdir()
    limit = "echo 20 > /proc/sys/user/max_inotify_watches"
    inside = ["unshare", "--user", "--map-root-user", "sh", "-c"]
    if subprocess.run([*inside, limit], capture_output=True).returncode:
        pytest.skip("user namespaces are not allowed here")
    command = [*inside, f'{limit} && exec "$0" -c "$1" "$2"']
    process = subprocess.run(
        [*command, sys.executable, UNDER_A_LIMIT, str(photos)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "limit for watching folders is reached" in process.stdout, process.stderr
