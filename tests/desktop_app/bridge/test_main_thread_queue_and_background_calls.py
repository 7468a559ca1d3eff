"""Calls from other threads run on the GUI thread, in order, and not after closing."""

from __future__ import annotations

import threading
import time

from desktop_app.bridge.background_calls import BackgroundCalls
from tests.desktop_app.conftest import DEADLINE_MS, raise_at_once


def test_calls_from_many_threads_all_run_on_the_gui_thread(main_thread, qtbot):
    got: list[tuple[int, int]] = []
    threads = set()

    def receive(sender: int, number: int) -> None:
        got.append((sender, number))
        threads.add(threading.get_ident())

    def send(sender: int) -> None:
        for number in range(300):
            main_thread.post(receive, sender, number)

    senders = [threading.Thread(target=send, args=(n,)) for n in range(4)]
    for sender in senders:
        sender.start()
    qtbot.waitUntil(lambda: len(got) == 1200, timeout=DEADLINE_MS)
    for sender in senders:
        sender.join()
    assert threads == {threading.get_ident()}
    for sender in range(4):
        assert [n for s, n in got if s == sender] == list(range(300))


def test_many_calls_do_not_block_the_event_loop(main_thread, qtbot):
    delivered = []

    def slow() -> None:
        time.sleep(0.002)
        delivered.append(time.perf_counter())

    for _ in range(60):
        main_thread.post(slow)
    others = []
    main_thread.post(others.append, len(delivered))
    from PySide6.QtCore import QTimer

    run_before_timer = []
    QTimer.singleShot(0, lambda: run_before_timer.append(len(delivered)))
    qtbot.waitUntil(lambda: len(delivered) == 60, timeout=DEADLINE_MS)
    assert run_before_timer and run_before_timer[0] < 60


def test_calls_after_one_that_raises_still_run(main_thread, qtbot):
    got = []
    with qtbot.capture_exceptions() as caught:
        main_thread.post(raise_at_once, ZeroDivisionError())
        main_thread.post(got.append, "after")
        qtbot.waitUntil(lambda: got == ["after"], timeout=DEADLINE_MS)
    assert [kind for kind, *_ in caught] == [ZeroDivisionError]


def test_no_call_runs_after_closing(main_thread, qtbot, qapp):
    got = []
    main_thread.post(got.append, 1)
    main_thread.close()
    main_thread.post(got.append, 2)
    qapp.processEvents()
    assert got == []


def test_results_and_errors_reach_the_caller(main_thread, qtbot):
    unexpected: list[BaseException] = []
    background = BackgroundCalls(main_thread, "test", on_error=unexpected.append)
    answers, errors = [], []
    background.call(lambda: 6 * 7, answers.append)
    background.call(lambda: 1 / 0, answers.append, errors.append)
    background.call(lambda: 1 / 0, answers.append)
    qtbot.waitUntil(lambda: len(unexpected) == 1, timeout=DEADLINE_MS)
    background.stop()
    assert background.join(5)
    assert answers == [42]
    assert [type(e) for e in (*errors, *unexpected)] == [ZeroDivisionError] * 2
