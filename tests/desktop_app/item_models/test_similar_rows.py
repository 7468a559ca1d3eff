"""Photos folded into a hit: rows of their own while it is unfolded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from desktop_app.item_models.photo_grid import PhotoGridModel
from engine.records import Photo, PhotoId, SearchHit, Verdict
from tests.desktop_app.conftest import delete


def photo(number: int, **changes) -> Photo:
    return Photo(PhotoId(number), Path(f"/p/{number}.jpg"), (40, 30), **changes)


def hit(number: int, *similar: int, verdict: Verdict = Verdict.MATCH) -> SearchHit:
    folded = tuple(photo(n) for n in similar)
    return SearchHit(photo(number), 1.0 / number, None, verdict, 0.9, "Seen.", similar=folded)


HITS = [hit(1), hit(2, 20, 21), hit(3, verdict=Verdict.UNSURE), hit(4, 40, verdict=Verdict.NO)]


@pytest.fixture
def model(qapp):
    model = PhotoGridModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    model.show_hits(HITS)
    yield model
    delete(tester)
    delete(model)


def ids(model) -> list[int]:
    return [row.photo.id for row in model.rows]


def test_similar_photos_are_folded_at_first(model):
    assert ids(model) == [1, 2, 3] and model.hidden_no == 1
    words = model.index(1, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert words == "2.jpg, Match, 2 similar photos"


def test_unfolded_ones_follow_their_hit_in_its_section_and_claim_no_verdict(model):
    current = QPersistentModelIndex(model.index(2, 0))
    model.set_unfolded(model.rows[1], True)
    assert ids(model) == [1, 2, 20, 21, 3] and current.row() == 4
    assert [(s.title, s.first, s.count) for s in model.sections] == [
        ("Match", 0, 4),
        ("Unsure", 4, 1),
    ]
    row = model.rows[2]
    assert model.is_similar(row) and not model.is_similar(model.rows[1])
    assert row.region is None and row.probability is None and "2.jpg" in row.reason
    assert model.index(2, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "20.jpg, Similar"
    assert (model.hidden_no, model.good_hits) == (1, 3)


def test_the_group_of_a_row_is_its_hit(model):
    assert model.group_of(model.rows[0]) is None
    model.set_unfolded(model.rows[1], True)
    assert model.group_of(model.rows[3]) == model.group_of(model.rows[1]) == HITS[1]
    assert model.is_unfolded(HITS[1])


def test_folding_takes_the_rows_away_again(model):
    model.set_unfolded(HITS[1], True)
    model.set_unfolded(HITS[1], False)
    assert ids(model) == [1, 2, 3] and not model.is_unfolded(HITS[1])


def test_further_results_of_a_search_stay_unfolded_and_a_new_search_folds(model):
    model.set_unfolded(HITS[1], True)
    moved = replace(HITS[1], verdict=Verdict.UNSURE)
    model.show_hits([HITS[0], moved, *HITS[2:]], new_search=False)
    assert ids(model) == [1, 2, 20, 21, 3]
    assert [s.count for s in model.sections] == [1, 4]
    model.show_hits(HITS)
    assert ids(model) == [1, 2, 3]


def test_a_similar_photo_of_a_hidden_hit_keeps_that_in_sight_while_it_is_current(model):
    model.set_show_no(True)
    model.set_unfolded(HITS[3], True)
    assert ids(model)[-2:] == [4, 40]
    model.set_show_no(False)
    model.show_hits(HITS, new_search=False, keep=PhotoId(40))
    assert ids(model) == [1, 2, 3]
    model.set_show_no(True)
    judged_no = replace(HITS[1], verdict=Verdict.NO)
    model.set_unfolded(HITS[1], True)
    model.set_show_no(False)
    model.show_hits([HITS[0], judged_no], new_search=False, keep=PhotoId(20))
    assert ids(model) == [1, 2, 20, 21]


def test_a_photo_has_one_row_even_if_it_is_a_hit_too(model):
    model.show_hits([hit(1, 2, 3, 3), hit(2)])
    model.set_unfolded(model.rows[0], True)
    assert ids(model) == [1, 3, 2]


def test_removed_and_changed_photos_are_taken_over(model):
    model.set_unfolded(HITS[1], True)
    model.update_photos({PhotoId(20): None, PhotoId(21): photo(21, available=False)})
    assert ids(model) == [1, 2, 21, 3] and not model.rows[2].photo.available
    assert [one.id for one in model.group_of(model.rows[1]).similar] == [21]
    model.update_photos({PhotoId(2): None})
    assert ids(model) == [1, 3]


def test_all_photos_know_no_similar_ones(model):
    model.set_unfolded(HITS[1], True)
    model.show_photos([photo(2), photo(20)])
    assert not model.is_similar(model.rows[1]) and model.group_of(model.rows[0]) is None
    assert model.plan is None
