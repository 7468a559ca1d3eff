"""Latest wins: what comes late for an older query is never shown."""

from __future__ import annotations

from desktop_app.controllers.searching import SearchController
from tests.desktop_app.conftest import DEADLINE_MS, delete


def test_only_the_newest_query_is_answered(session, memory, qtbot):
    controller = SearchController(memory, session.jobs)
    answers = []
    controller.updated.connect(
        lambda query, result: answers.append((query.text, result.complete))
    )
    memory.hold_search.clear()
    controller.submit("red")
    qtbot.waitUntil(lambda: ("red", False) in answers, timeout=DEADLINE_MS)
    controller.submit("blue")
    memory.hold_search.set()
    qtbot.waitUntil(lambda: ("blue", True) in answers, timeout=DEADLINE_MS)
    assert ("red", True) not in answers
    assert answers.index(("blue", True)) == len(answers) - 1
    delete(controller)


def test_clearing_drops_the_answer_that_was_coming(session, memory, qtbot):
    controller = SearchController(memory, session.jobs)
    answers = []
    controller.updated.connect(lambda query, result: answers.append(query.text))
    memory.hold_search.clear()
    controller.submit("red")
    qtbot.waitUntil(lambda: answers == ["red"], timeout=DEADLINE_MS)
    with qtbot.waitSignal(controller.cleared):
        controller.clear()
    memory.hold_search.set()
    controller.submit("green tree")
    qtbot.waitUntil(lambda: "green tree" in answers, timeout=DEADLINE_MS)
    assert answers.count("red") == 1
    delete(controller)


def test_one_letter_is_not_searched_for_until_enter(session, memory, qtbot):
    controller = SearchController(memory, session.jobs)
    controller.typed("r")
    controller.typed("")
    controller.submit("r")
    with qtbot.waitSignal(controller.updated, timeout=DEADLINE_MS):
        pass
    assert [request.text for request in memory.requests] == ["r"]
    delete(controller)
