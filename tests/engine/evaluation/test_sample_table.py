"""Tables of queries: the one of the sample photos is sound, and answers are compared rightly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import paths
from engine.errors import BadRequest
from engine.evaluation import sample_table
from engine.evaluation.sample_table import Answer, QueryTable, TableQuery
from engine.records import Verdict
from tests.fakes import colour_models, synthetic_photos
from tests.fakes.made_rankings import hit
from tests.fakes.recording_listener import RecordingListener

TABLE = Path(__file__).parents[2] / "data" / "sample_queries.json"
MATCH, UNSURE, NO = Verdict.MATCH, Verdict.UNSURE, Verdict.NO


def test_the_table_of_the_sample_photos():
    table = sample_table.load(TABLE)
    samples = {path.name for path in (paths.resources_dir() / "samples").glob("*.jpg")}
    assert len(table.queries) >= 60 and len(table.absent) >= 20
    assert len(set(table.texts)) == len(table.texts)
    for query in table.queries:
        assert query.right | query.either <= samples, query.text
    # Every photo answers some query.
    assert frozenset().union(*(query.right for query in table.queries)) == samples


def _answers(**by_text: str) -> dict[str, list[Answer]]:
    """Texts with photos as "a+ b? c-": match, unsure, no."""
    verdicts = {"+": MATCH, "?": UNSURE, "-": NO}
    return {
        text.replace("_", " "): [Answer(one[:-1], verdicts[one[-1]]) for one in listed.split()]
        for text, listed in by_text.items()
    }


DOG = TableQuery("dog", "thing", frozenset({"a", "b"}), frozenset({"wolf"}))
CAT = TableQuery("two cats", "count", frozenset({"c"}))
ASKED = QueryTable((DOG, CAT), ("car",), ("dog and car",))


def test_everything_right():
    found = sample_table.figures(
        ASKED, _answers(dog="wolf+ a+ b+ c?", two_cats="c+ a-", car="a- b?", dog_and_car="")
    )
    assert (found.match_precision, found.match_recall, found.first_right) == (1.0, 1.0, 1.0)
    assert found.faults == () and not found.absent_matched
    assert not found.absent_combinations_matched
    assert set(found.by_kind) == {"thing", "count"}


def test_wrong_missed_and_absent_ones():
    found = sample_table.figures(
        ASKED, _answers(dog="c+ a+ b?", two_cats="", car="a+ b+ c-", dog_and_car="b+")
    )
    assert found.match_precision == pytest.approx(1 / 2)
    assert found.match_recall == pytest.approx(1 / 3)
    assert found.first_right == 0.0
    dog, cats = found.faults
    assert (dog.wrong_matches, dog.missed, dog.first) == (("c",), ("b",), "c")
    assert (cats.missed, cats.first) == (("c",), "(nothing)")
    assert found.by_kind["count"] == (None, 0.0, 0.0)
    assert found.absent_matched == {"car": ("a", "b")}
    assert found.absent_combinations_matched == {"dog and car": ("b",)}
    text = sample_table.table_text(found)
    assert '"dog": first c; wrong c; missed b' in text
    assert "absent things called a match: 1 of 1" in text
    assert json.loads(json.dumps(found.as_json()))["absent"] == 1


def test_photos_folded_into_a_hit_have_its_verdict():
    answers = sample_table.answers_of([hit(3, similar=(5,)), hit(1, UNSURE)])
    assert [(one.file_name, one.verdict) for one in answers] == [
        ("000003-3.jpg", MATCH),
        ("000005-5.jpg", MATCH),
        ("000001-1.jpg", UNSURE),
    ]


@pytest.mark.parametrize(
    "written",
    [
        "[]",
        "{",
        '{"queries": [{"text": "dog"}]}',
        '{"queries": [{"text": "dog", "right": []}]}',
        '{"queries": [{"text": "dog", "right": ["a"], "either": ["a"]}]}',
    ],
)
def test_a_file_that_is_no_table(tmp_path, written):
    path = tmp_path / "table.json"
    path.write_text(written)
    with pytest.raises(BadRequest, match="cannot be read"):
        sample_table.load(path)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for colour in ("red", "blue"):
        shape = [(colour, (20, 20, 90, 90))]
        synthetic_photos.write(tmp_path / "p" / f"{colour}.png", synthetic_photos.pixels(shape))
    return tmp_path / "p"


def test_a_table_asked_of_a_library(photos):
    table = QueryTable((TableQuery("red", "thing", frozenset({"red.png"})),), ("yellow",), ())
    found = sample_table.evaluate(
        table, photos, RecordingListener(), profile=colour_models.profile()
    )
    assert (found.match_precision, found.match_recall, found.first_right) == (1.0, 1.0, 1.0)
    assert found.absent == 1 and not found.absent_matched


def test_a_table_of_other_photos(photos):
    table = QueryTable((TableQuery("red", "thing", frozenset({"gone.png"})),), (), ())
    with pytest.raises(BadRequest, match=r"gone\.png") as refused:
        sample_table.evaluate(table, photos, RecordingListener())
    assert refused.value.path == photos
