"""The colour benchmark: its figures on given rankings, and one real run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.benchmarks import colours
from engine.benchmarks.benchmark import BenchRequest
from engine.benchmarks.colours import ColourPhoto
from engine.errors import BadRequest
from tests.fakes import colour_models, synthetic_photos
from tests.fakes.recording_listener import RecordingListener

LABELS = Path(__file__).parents[2] / "data" / "coco_colours.json"


def _photo(colours: dict[str, str], *others: str) -> ColourPhoto:
    known = {category: frozenset(names.split()) for category, names in colours.items()}
    return ColourPhoto(Path("x.jpg"), known, frozenset([*colours, *others]))


PHOTOS = [
    _photo({"car": "red"}),
    _photo({"car": "blue"}),
    _photo({"car": "red white"}),
    _photo({"dog": "black"}),
    _photo({"dog": "black"}, "car"),
]


def _answers(**orders: list[int]):
    queries = []

    def search(text: str) -> list[int]:
        queries.append(text)
        return orders.get(text.replace(" ", "_"), [0, 1, 2, 3, 4])

    return search, queries


def test_perfect_rankings():
    search, queries = _answers(
        car=[0, 1, 2, 4, 3],
        red_car=[0, 2, 1, 4, 3],
        blue_car=[1, 0, 2, 4, 3],
        white_car=[2, 0, 1, 4, 3],
    )
    figures = colours.ranking_figures(PHOTOS, search)
    # Nothing is asked of dogs, which are all black, nor of a colour that no car has.
    assert sorted(queries) == ["blue car", "car", "red car", "white car"]
    assert figures["queries"] == 3
    assert (figures["auroc"], figures["map"]) == (1.0, 1.0)
    assert figures["category_map"] == figures["category_map_plain"] == 1.0
    assert set(figures["by_colour"]) == {"red", "blue", "white"}


def test_a_wrong_thing_of_the_right_colour_hurts_only_the_category():
    search, _ = _answers(car=[0, 1, 2, 4, 3], red_car=[3, 0, 2, 1, 4])
    figures = colours.ranking_figures(PHOTOS, search)
    assert figures["by_colour"]["red"] == {"categories": 1, "auroc": 1.0, "map": 1.0}
    assert figures["category_map"] < figures["category_map_plain"] == 1.0


def test_a_wrong_colour_first_and_photos_left_out():
    search, _ = _answers(red_car=[1, 0], blue_car=[0, 2])
    by_colour = colours.ranking_figures(PHOTOS, search)["by_colour"]
    # Red: one before both; blue: left out, behind the two that were found.
    assert by_colour["red"]["auroc"] == 0.0
    assert by_colour["red"]["map"] == pytest.approx(0.5 / 2)
    assert by_colour["blue"] == {"categories": 1, "auroc": 0.0, "map": 0.0}


def test_one_colour_only_says_nothing():
    with pytest.raises(BadRequest, match="several colours"):
        colours.ranking_figures(PHOTOS[3:], _answers()[0])


@pytest.fixture
def cars(tmp_path: Path) -> Path:
    """A red car in one photo, a blue one in the next, none in the last; annotated and labelled."""
    box = [60, 40, 240, 190]
    x0, y0, x1, y1 = box
    for number, colour in enumerate(("red", "blue")):
        rgb = synthetic_photos.pixels([(colour, tuple(box))], (320, 240))
        synthetic_photos.write(tmp_path / f"{number}.png", rgb)
    synthetic_photos.write(tmp_path / "2.png", np.full((240, 320, 3), 128, np.uint8))
    document = {
        "images": [
            {"id": n, "file_name": f"{n}.png", "width": 320, "height": 240} for n in range(3)
        ],
        "categories": [{"id": 3, "name": "car"}],
        "annotations": [
            {
                "id": 30 + n,
                "image_id": n,
                "category_id": 3,
                "iscrowd": 0,
                "area": 27000,
                "segmentation": [[x0, y0, x1, y0, x1, y1, x0, y1]],
            }
            for n in range(2)
        ],
    }
    (tmp_path / "coco.json").write_text(json.dumps(document))
    labels = [
        {"file_name": f"{n}.png", "annotation_id": 30 + n, "colours": [colour]}
        for n, colour in enumerate(("red", "blue"))
    ]
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    return tmp_path


def _measure(photos_dir: Path, **changed):
    given = {
        "folder": photos_dir,
        "coco": photos_dir / "coco.json",
        "labels": photos_dir / "labels.json",
    }
    request = BenchRequest(profile=colour_models.profile(), **(given | changed))
    return colours.measure(request, RecordingListener())


def test_through_the_library(cars):
    result = _measure(cars)
    painted = result.figures["painted"]
    assert (painted["photos"], painted["queries"]) == (11, 11)
    for colour in ("red", "green", "blue"):
        assert painted["by_colour"][colour]["auroc"] == 1.0
    labelled = result.figures["labelled_photos"]
    assert (labelled["photos"], labelled["queries"], labelled["auroc"]) == (2, 2, 1.0)
    assert labelled["category_map"] == 1.0
    things = result.figures["labelled_things"]
    assert (things["things"], things["auroc"]) == (2, 1.0)
    # With one thing there is no AUROC.
    assert (things["held_out_things"], things["held_out_auroc"]) == (1, None)
    assert "not rated" in "\n".join(result.lines)


def test_without_labels(cars):
    figures = _measure(cars, labels=None).figures
    assert "painted" in figures and "labelled_photos" not in figures


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"folder": None}, "annotated"),
        ({"coco": None}, "annotated"),
        ({"folder": Path("nowhere")}, "painted"),
        ({"labels": Path("nowhere.json")}, "labels"),
    ],
)
def test_what_cannot_be_measured(cars, changed, message):
    with pytest.raises(BadRequest, match=message):
        _measure(cars, **changed)


def test_the_labels_are_of_basic_colours():
    rows = json.loads(LABELS.read_text(encoding="utf-8"))
    assert len(rows) >= 200
    assert len({row["annotation_id"] for row in rows}) == len(rows)
    assert {colour for row in rows for colour in row["colours"]} == set(colours.COLOURS)
