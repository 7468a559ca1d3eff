"""Grouping by verdict, hiding hits judged No, and Qt's own checks of item models."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from desktop_app.item_models.photo_grid import CLOSEST_NO_SHOWN, PhotoGridModel
from desktop_app.item_models.problems import ProblemModel
from engine.records import Photo, PhotoId, Problem, SearchHit, Verdict
from tests.desktop_app.conftest import delete

MATCH, UNSURE, NO, UNVERIFIED = (
    Verdict.MATCH,
    Verdict.UNSURE,
    Verdict.NO,
    Verdict.UNVERIFIED,
)


def photo(number: int, **changes) -> Photo:
    return Photo(PhotoId(number), Path(f"/p/{number}.jpg"), (40, 30), **changes)


def hit(number: int, verdict: Verdict) -> SearchHit:
    return SearchHit(photo(number), 1.0 / number, None, verdict)


@pytest.fixture
def model(qapp):
    model = PhotoGridModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    yield model
    delete(tester)
    delete(model)


def ids(model) -> list[int]:
    return [row.photo.id for row in model.rows]


def test_hits_are_grouped_by_verdict_and_keep_their_rank(model):
    model.show_hits([hit(1, UNSURE), hit(2, MATCH), hit(3, NO), hit(4, MATCH), hit(5, UNSURE)])
    assert ids(model) == [2, 4, 1, 5]
    assert [(s.title, s.first, s.count) for s in model.sections] == [
        ("Match", 0, 2),
        ("Unsure", 2, 2),
    ]
    assert (model.hidden_no, model.good_hits) == (1, 4)


def test_hits_judged_no_are_shown_last(model):
    model.show_hits([hit(1, NO), hit(2, MATCH)])
    model.set_show_no(True)
    assert ids(model) == [2, 1]
    assert [s.title for s in model.sections] == ["Match", "No"]
    model.show_hits([hit(1, NO), hit(2, MATCH)], new_search=False)
    assert ids(model) == [2, 1], "more of the same search keeps it unfolded"
    model.show_hits([hit(1, NO), hit(2, MATCH)])
    assert ids(model) == [2], "a new one does not"


def test_if_all_were_judged_no_the_best_ranked_are_shown(model):
    model.show_hits([hit(n, NO) for n in range(1, 31)])
    assert ids(model) == list(range(1, CLOSEST_NO_SHOWN + 1))
    assert model.hidden_no == 30 - CLOSEST_NO_SHOWN
    assert [s.title for s in model.sections] == [""]


def test_new_verdicts_in_the_same_order_do_not_reset_the_view(model, qtbot):
    model.show_hits([hit(1, UNVERIFIED), hit(2, UNVERIFIED)])
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged):
        model.show_hits([hit(1, MATCH), hit(2, UNSURE)], new_search=False)
    assert [s.title for s in model.sections] == ["Match", "Unsure"]


def test_new_verdicts_move_rows_and_persistent_indexes_follow(model, qtbot):
    model.show_hits([hit(n, UNVERIFIED) for n in range(1, 8)])
    held = {n: QPersistentModelIndex(model.index(n - 1, 0)) for n in range(1, 8)}
    with qtbot.assertNotEmitted(model.modelReset):
        model.show_hits(
            [hit(3, MATCH), *(hit(n, UNVERIFIED) for n in (1, 2, 4, 6, 8)), hit(5, UNSURE)],
            new_search=False,
        )
    assert ids(model) == [3, 5, 1, 2, 4, 6, 8]
    assert {n: index.row() for n, index in held.items()} == {
        1: 2, 2: 3, 3: 0, 4: 4, 5: 1, 6: 5, 7: -1,
    }  # fmt: skip
    assert [(s.title, s.count) for s in model.sections] == [
        ("Match", 1),
        ("Unsure", 1),
        ("Most alike", 5),
    ]


def test_hits_shown_for_comparison_stay_when_another_gets_a_better_verdict(model):
    model.show_hits([hit(n, NO) for n in range(1, 31)])
    others = [hit(n, NO) for n in range(1, 31) if n != 3]
    model.show_hits([hit(3, MATCH), *others], new_search=False)
    assert ids(model) == [3, *(n for n in range(1, CLOSEST_NO_SHOWN + 1) if n != 3)]
    model.show_hits([hit(3, NO), *others], new_search=False)
    assert len(ids(model)) == CLOSEST_NO_SHOWN
    model.show_hits([hit(3, MATCH), *others])
    assert ids(model) == [3], "in a new search they are folded"


def test_the_current_photo_stays_though_it_is_judged_no(model):
    model.show_hits([hit(n, MATCH) for n in (1, 2, 3)])
    model.show_hits([hit(1, MATCH), hit(3, MATCH), hit(2, NO)], new_search=False, keep=PhotoId(2))
    assert (ids(model), model.hidden_no) == ([1, 3, 2], 0)
    model.show_hits([hit(1, MATCH), hit(2, NO), hit(3, NO)], new_search=False)
    assert (ids(model), model.hidden_no) == ([1, 2], 1)


def test_only_hits_can_be_waiting_for_reranking(model):
    model.show_hits([hit(1, UNVERIFIED), hit(2, MATCH)], waiting=[PhotoId(1), PhotoId(2)])
    texts = [model.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(2)]
    assert texts == ["2.jpg, Match, Not checked yet", "1.jpg, Not checked yet"]
    model.show_photos([photo(1)])
    assert not model.is_waiting(model.rows[0])


def test_photos_can_be_added_changed_and_removed(model, qtbot):
    model.show_photos([photo(3), photo(2)])
    model.append_photos([photo(1)])
    model.prepend_photos([photo(4)])
    assert ids(model) == [4, 3, 2, 1]
    model.update_photos({PhotoId(3): None, PhotoId(2): photo(2, available=False)})
    assert ids(model) == [4, 2, 1]
    assert not model.rows[1].photo.available
    assert model.row_of(PhotoId(1)) == 2 and model.row_of(PhotoId(9)) == -1


def test_a_photo_that_is_gone_leaves_the_hits_too(model):
    model.show_hits([hit(1, MATCH), hit(2, MATCH), hit(3, NO)])
    model.update_photos({PhotoId(1): None})
    model.set_show_no(True)
    assert ids(model) == [2, 3]


def test_problems_fill_three_columns(qapp):
    model = ProblemModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    model.show((Problem(Path("/p/a.jpg"), "unreadable", "It ends too early."),))
    row = [model.index(0, column).data() for column in range(model.columnCount())]
    assert row[:2] == ["a.jpg", "It ends too early."]
    assert row[2]
    delete(tester)
    delete(model)
