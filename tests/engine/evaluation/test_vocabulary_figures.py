"""Other names and absent things: asked of a real library, with answers that are known."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from engine.evaluation import evaluation_table, vocabulary, vocabulary_figures
from engine.evaluation.annotated_search import AnnotatedSearch
from engine.evaluation.coco_truth import CocoTruth, Instance, TruthPhoto
from engine.evaluation.vocabulary_figures import VocabularyFigures
from engine.library import Library
from tests.fakes import colour_models, synthetic_photos
from tests.fakes.recording_listener import RecordingListener

COCO = frozenset(
    "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,"
    "stop sign,parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,"
    "backpack,umbrella,handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,"
    "baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,cup,fork,knife,spoon,"
    "bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,"
    "potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,"
    "oven,toaster,sink,refrigerator,book,clock,vase,scissors,teddy bear,hair drier,"
    "toothbrush".split(",")
)
RED, GREEN, BLUE = 1, 2, 3
BOX = (20, 20, 90, 90)


class TestLists:
    def test_other_names_are_new_words_for_coco_categories(self):
        assert 25 <= len(vocabulary.SYNONYMS) <= 32
        assert set(vocabulary.SYNONYMS.values()) <= COCO
        assert not set(vocabulary.SYNONYMS) & COCO
        assert set(vocabulary.PROMISED) <= set(vocabulary.SYNONYMS)

    def test_other_names_are_no_class_names(self):
        assert set(vocabulary.SYNONYMS) & _class_names() == {"television"}

    def test_absent_things_are_forty_and_of_both_kinds(self):
        assert len(set(vocabulary.ABSENT)) == len(vocabulary.ABSENT) == 40
        assert set(vocabulary.ABSENT_CLASSES) <= _class_names()
        assert not set(vocabulary.ABSENT_OTHERS) & _class_names()
        assert not set(vocabulary.ABSENT) & (COCO | set(vocabulary.SYNONYMS))


def _class_names() -> set[str]:
    from engine import paths

    listed = json.loads((paths.resources_dir() / "starter" / "class_names.json").read_bytes())
    return {name.lower() for one in listed["classes"] for name in one["synonyms"]}


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory):
    """A red, a green and a blue photo, and truth that says so."""
    root = tmp_path_factory.mktemp("words")
    photos = []
    for place, (colour, category) in enumerate((("red", RED), ("green", GREEN), ("blue", BLUE))):
        synthetic_photos.write(
            root / "photos" / f"{place:06d}-{colour}.png", synthetic_photos.pixels([(colour, BOX)])
        )
        drawn = ((20.0, 20.0, 90.0, 20.0, 90.0, 90.0, 20.0, 90.0),)
        thing = Instance(category, 4900.0, False, drawn)
        photos.append(TruthPhoto(f"{colour}.png", (160, 120), (thing,)))
    truth = CocoTruth(tuple(photos), {RED: "red", GREEN: "green", BLUE: "blue"})
    library = Library.open(root / "library", profile=colour_models.profile())
    with contextlib.closing(library):
        library.folders.add(root / "photos")
        library.indexing.start().result(120)
        yield AnnotatedSearch(library, truth, 0, RecordingListener())


def _measured(search: AnnotatedSearch, *asked: int, **lists) -> VocabularyFigures:
    names = [search.truth.categories[category_id] for category_id in asked]
    rankings = dict(zip(asked, search.search_all(names, "Asking"), strict=True))
    return vocabulary_figures.measure(search, rankings, **lists)


def test_a_name_that_is_understood_and_one_that_is_not(search):
    found = _measured(
        search,
        RED,
        GREEN,
        synonyms={"red thing": "red", "blue": "green", "azure": "blue"},
        absent=(),
    )
    good, bad = found.synonyms
    # "azure" is left out, because "blue" is not asked for.
    assert (good.word, good.category, good.difference) == ("red thing", "red", pytest.approx(0))
    assert bad.category_image_ap_at_50 == pytest.approx(1.0)
    # The blue photo comes first for "blue", so the green one is second or third.
    assert bad.image_ap_at_50 in (pytest.approx(1 / 2), pytest.approx(1 / 3))
    assert vocabulary_figures.mean_difference(found.synonyms) == pytest.approx(bad.difference / 2)
    assert not vocabulary_figures.within_tolerance(bad) and vocabulary_figures.within_tolerance(
        good
    )


def test_absent_things_declined_and_not(search):
    # Nothing is yellow, and "sky" says nothing and gets no hit, which counts once. Red is there, so
    # its first hit is called a match, and of the seven answers it is the only one.
    found = _measured(search, RED, BLUE, synonyms={}, absent=("yellow", "sky", "red"))
    assert found.absent_queries == 3
    assert found.absent_first_declined == pytest.approx(2 / 3)
    assert found.absent_matched == ("red",)
    assert found.absent_first_5_declined == pytest.approx(6 / 7)
    assert found.present_first_matched == found.present_first_matched_right == 1.0


def test_a_match_that_is_wrong_is_counted_as_wrong(search):
    texts = search.search_all(["red", "green"], "Asking")
    # The truth is asked for green where "red" was typed.
    found = vocabulary_figures.measure(
        search, {GREEN: texts[0], BLUE: texts[1]}, synonyms={}, absent=("yellow",)
    )
    assert found.present_first_matched == 1.0
    assert found.present_first_matched_right == 0.0


def test_declining_everything_shows(tmp_path):
    """Thresholds that are never reached: all that is absent is declined, and all that is there."""

    def never_a_match() -> colour_models.ColourScorer:
        scorer = colour_models.ColourScorer()
        scorer.match_at = 1.1
        return scorer

    with _small(tmp_path, scorer=never_a_match) as search:
        found = _measured(search, RED, synonyms={}, absent=("yellow", "red"))
    assert (found.absent_first_declined, found.absent_first_5_declined) == (1.0, 1.0)
    assert found.present_first_matched == 0.0
    assert found.present_first_matched_right is None


def test_no_verdicts_no_figures(tmp_path):
    with _small(tmp_path, scorer=partial(colour_models.ColourScorer, calibrated=False)) as search:
        found = _measured(search, RED, synonyms={}, absent=("yellow",))
    assert found.absent_first_declined is found.absent_first_5_declined is None
    assert found.present_first_matched is None
    assert "not rated" in evaluation_table.vocabulary_table(found)


@contextlib.contextmanager
def _small(root: Path, scorer):
    """One red photo."""
    synthetic_photos.write(
        root / "photos" / "000000-red.png", synthetic_photos.pixels([("red", BOX)])
    )
    drawn = ((20.0, 20.0, 90.0, 20.0, 90.0, 90.0, 20.0, 90.0),)
    photo = TruthPhoto("red.png", (160, 120), (Instance(RED, 4900.0, False, drawn),))
    truth = CocoTruth((photo,), {RED: "red"})
    library = Library.open(
        root / "library", profile=replace(colour_models.profile(), scorer=scorer)
    )
    with contextlib.closing(library):
        library.folders.add(root / "photos")
        library.indexing.start().result(120)
        yield AnnotatedSearch(library, truth, 0, RecordingListener())


def test_as_json_and_as_a_table(search):
    found = _measured(
        search, RED, GREEN, synonyms={"puppy": "red", "kid red": "red"}, absent=("yellow", "red")
    )
    figures = found.as_json()
    assert json.loads(json.dumps(figures)) == figures
    assert figures["promised_asked"] == 1 and figures["promised_within_bar"] in (0, 1)
    assert figures["synonyms"][1]["difference"] == pytest.approx(0)
    shown = evaluation_table.vocabulary_table(found)
    assert "kid red" in shown and "absent, yet called a match: red" in shown
