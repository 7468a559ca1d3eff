"""Calls from other threads arrive on the GUI's, in order, and never after the end."""

from __future__ import annotations

import threading
import time

from desktop_app.bridge.background_calls import BackgroundCalls
from tests.desktop_app.conftest import DEADLINE_MS, raise_at_once


def test_letters_from_many_threads_all_arrive_on_the_gui_thread(main_thread, qtbot):
    got: list[tuple[int, int]] = []
    threads_seen = set()

    def take(sender: int, number: int) -> None:
        got.append((sender, number))
        threads_seen.add(threading.get_ident())

    def send(sender: int) -> None:
        for number in range(300):
            main_thread.post(take, sender, number)

    senders = [threading.Thread(target=send, args=(n,)) for n in range(4)]
    for sender in senders:
        sender.start()
    qtbot.waitUntil(lambda: len(got) == 1200, timeout=DEADLINE_MS)
    for sender in senders:
        sender.join()
    assert threads_seen == {threading.get_ident()}
    for sender in range(4):
        assert [n for s, n in got if s == sender] == list(range(300))


def test_many_letters_do_not_keep_the_loop_from_its_other_work(main_thread, qtbot):
    delivered = []

    def slow() -> None:
        time.sleep(0.002)
        delivered.append(time.perf_counter())

    for _ in range(60):
        main_thread.post(slow)
    others = []
    main_thread.post(others.append, len(delivered))
    from PySide6.QtCore import QTimer

    seen_by_timer = []
    QTimer.singleShot(0, lambda: seen_by_timer.append(len(delivered)))
    qtbot.waitUntil(lambda: len(delivered) == 60, timeout=DEADLINE_MS)
    assert seen_by_timer and seen_by_timer[0] < 60


def test_after_a_letter_that_raises_the_next_still_come(main_thread, qtbot):
    got = []
    with qtbot.capture_exceptions() as caught:
        main_thread.post(raise_at_once, ZeroDivisionError())
        main_thread.post(got.append, "after")
        qtbot.waitUntil(lambda: got == ["after"], timeout=DEADLINE_MS)
    assert [kind for kind, *_ in caught] == [ZeroDivisionError]


def test_nothing_arrives_after_closing(main_thread, qtbot, qapp):
    got = []
    main_thread.post(got.append, 1)
    main_thread.close()
    main_thread.post(got.append, 2)
    qapp.processEvents()
    assert got == []


def test_answers_and_errors_reach_whoever_asked(main_thread, qtbot):
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
