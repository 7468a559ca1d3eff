"""Latest wins: what comes late for an older query is never shown."""

from __future__ import annotations

from desktop_app.controllers.searching import SearchController
from tests.desktop_app.conftest import DEADLINE_MS, delete


def test_only_the_newest_query_is_answered(session, memory, qtbot):
    controller = SearchController(memory, session.jobs)
    answers = []
    controller.updated.connect(lambda query, result: answers.append((query.text, result.complete)))
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


def test_stopping_keeps_what_has_come_and_nothing_comes_after_it(session, memory, qtbot):
    controller = SearchController(memory, session.jobs)
    controller.verify = 3
    answers = []
    controller.updated.connect(lambda query, result: answers.append(result))
    controller.stop_reranking()
    controller.submit("red ball")
    memory.rerank_permits.release()
    qtbot.waitUntil(lambda: bool(answers) and answers[-1].looked_at == 1, timeout=DEADLINE_MS)
    job = controller._running.job
    controller.stop_reranking()
    assert answers[-1].complete and answers[-1].looked_at == 1
    assert sum(hit.looked_at for hit in answers[-1].hits) == 1
    memory.rerank_permits.release(5)
    qtbot.waitUntil(lambda: job.ended, timeout=DEADLINE_MS)
    count = len(answers)
    controller.submit("green tree")
    qtbot.waitUntil(lambda: answers[-1].request.text == "green tree", timeout=DEADLINE_MS)
    assert [a.request.text for a in answers[count:]] == (len(answers) - count) * ["green tree"]
    delete(controller)


def test_the_same_query_again_shows_nothing_that_is_behind_what_is_there(session, memory, qtbot):
    controller = SearchController(memory, session.jobs)
    controller.verify = 2
    answers, catching_up, began = [], [], []
    controller.updated.connect(lambda query, result: answers.append(result.looked_at))
    controller.catching_up.connect(lambda query, result: catching_up.append(result.looked_at))
    controller.started.connect(lambda query: began.append("new"))
    controller.repeated.connect(lambda query: began.append("again"))
    memory.rerank_permits.release(2)
    controller.submit("red ball")
    qtbot.waitUntil(
        lambda: controller.result is not None and controller.result.complete, timeout=DEADLINE_MS
    )
    answers.clear()
    memory.hold_search.clear()
    controller.rerank(4)
    qtbot.waitUntil(lambda: catching_up == [0], timeout=DEADLINE_MS)
    assert answers == []
    memory.rerank_permits.release(2)
    memory.hold_search.set()
    qtbot.waitUntil(lambda: controller.result.looked_at == 4, timeout=DEADLINE_MS)
    assert began == ["new", "again"] and min(answers) >= 2
    delete(controller)


def test_what_was_typed_is_searched_for_when_the_number_changes_meanwhile(session, memory, qtbot):
    controller = SearchController(memory, session.jobs)
    controller.submit("red ball")
    qtbot.waitUntil(lambda: controller.result is not None, timeout=DEADLINE_MS)
    controller.typed("green tree")
    controller.verify = 2
    controller.rerank(2)
    assert (memory.requests[-1].text, memory.requests[-1].verify) == ("green tree", 2)
    delete(controller)
