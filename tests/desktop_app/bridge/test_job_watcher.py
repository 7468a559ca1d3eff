"""Every job ends in exactly one signal, whatever happens in it or in a slot."""

from __future__ import annotations

import threading

import pytest

from desktop_app.bridge.job_watcher import JobWatcher
from engine.errors import Cancelled, PhotoMissing
from engine.jobs import Lane, Progress
from tests.desktop_app.conftest import DEADLINE_MS, delete


@pytest.fixture
def watcher(qapp):
    watcher = JobWatcher()
    yield watcher
    watcher.stop()
    delete(watcher)


@pytest.fixture
def lane():
    lane = Lane("test")
    yield lane
    lane.close()


class Endings:
    """Counts what a watched job emits."""

    def __init__(self, watched) -> None:
        self.emitted: list[tuple[str, object]] = []
        watched.succeeded.connect(lambda result: self.emitted.append(("succeeded", result)))
        watched.failed.connect(lambda error: self.emitted.append(("failed", type(error))))
        watched.cancelled.connect(lambda: self.emitted.append(("cancelled", None)))


def _cancel(context):
    raise Cancelled


def _fail(context):
    raise PhotoMissing("gone", operation="reading")


@pytest.mark.parametrize(
    ("work", "ending"),
    [
        (lambda context: 42, ("succeeded", 42)),
        (_fail, ("failed", PhotoMissing)),
        (_cancel, ("cancelled", None)),
    ],
)
def test_exactly_one_ending(watcher, lane, qtbot, work, ending):
    job = lane.submit("job", work)
    endings = Endings(watcher.watch(job))
    after = lane.submit("after", lambda context: None)
    qtbot.waitUntil(lambda: len(endings.emitted) > 0, timeout=DEADLINE_MS)
    with qtbot.waitSignal(watcher.watch(after).succeeded, timeout=DEADLINE_MS):
        pass
    assert endings.emitted == [ending]


def test_partial_results_and_progress_come_before_the_end(watcher, lane, qtbot):
    partial_emitted, progress_emitted = threading.Event(), threading.Event()

    def work(context):
        context.publish(("first",))
        context.report(Progress("Looking", 1, 2))
        assert partial_emitted.wait(20) and progress_emitted.wait(20)
        return "end"

    watched = watcher.watch(lane.submit("job", work), fast=True)
    order = []
    watched.partial.connect(lambda value: (order.append(value), partial_emitted.set()))
    watched.progressed.connect(lambda value: (order.append(value.stage), progress_emitted.set()))
    with qtbot.waitSignal(watched.succeeded, timeout=DEADLINE_MS):
        pass
    assert sorted(map(str, order)) == ["('first',)", "Looking"]


def test_a_slot_that_raises_is_not_called_again(watcher, lane, qtbot):
    calls = []

    def slot(result):
        calls.append(result)
        raise ZeroDivisionError

    with qtbot.capture_exceptions() as caught:
        watched = watcher.watch(lane.submit("job", lambda context: 1))
        watched.succeeded.connect(slot)
        with qtbot.waitSignal(
            watcher.watch(lane.submit("other", lambda context: 2)).succeeded, timeout=DEADLINE_MS
        ):
            pass
        with qtbot.waitSignal(
            watcher.watch(lane.submit("third", lambda context: 3)).succeeded, timeout=DEADLINE_MS
        ):
            pass
    assert calls == [1]
    assert [kind for kind, *_ in caught] == [ZeroDivisionError]


def test_the_timer_rests_without_jobs(watcher, lane, qtbot):
    with qtbot.waitSignal(
        watcher.watch(lane.submit("job", lambda context: 1)).succeeded, timeout=DEADLINE_MS
    ):
        pass
    qtbot.waitUntil(lambda: not watcher._timer.isActive(), timeout=DEADLINE_MS)
