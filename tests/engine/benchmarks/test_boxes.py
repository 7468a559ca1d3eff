"""Matching of boxes on generated photos, and the counts of its outcomes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.benchmarks import boxes
from engine.benchmarks.benchmark import BenchRequest
from engine.benchmarks.boxes import Outcome, jittered
from engine.errors import BadRequest
from engine.records import BoxXyxy
from tests.fakes import colour_models, synthetic_photos
from tests.fakes.recording_listener import RecordingListener

RED, GREEN, SMALL = (10, 10, 60, 60), (90, 40, 150, 100), (120, 5, 140, 25)
ELSEWHERE = (70, 70, 118, 118)


def _coco(folder: Path, things: list[tuple[str, tuple[int, int, int, int], int]]) -> Path:
    """One photo with a red and a green thing; ``things``: category, box, crowd."""
    shapes = [("red", RED), ("green", GREEN), ("red", SMALL)]
    synthetic_photos.write(folder / "a.png", synthetic_photos.pixels(shapes))
    names = ["red", "green"]
    annotations = []
    for n, (name, (x0, y0, x1, y1), crowd) in enumerate(things):
        annotations.append(
            {
                "id": n,
                "image_id": 1,
                "category_id": names.index(name),
                "iscrowd": crowd,
                "area": (x1 - x0) * (y1 - y0),
                "segmentation": [[x0, y0, x1, y0, x1, y1, x0, y1]],
            }
        )
    path = folder / "instances.json"
    document = {
        "images": [{"id": 1, "file_name": "a.png", "width": 160, "height": 120}],
        "categories": [{"id": n, "name": name} for n, name in enumerate(names)],
        "annotations": annotations,
    }
    path.write_text(json.dumps(document))
    return path


def _measured(folder: Path, things):
    request = BenchRequest(
        folder=folder, coco=_coco(folder, things), profile=colour_models.profile()
    )
    return boxes.measure(request, RecordingListener())


def test_things_apart_from_each_other_are_always_matched(tmp_path):
    result = _measured(
        tmp_path, [("red", RED, 0), ("green", GREEN, 0), ("red", SMALL, 0), ("green", GREEN, 1)]
    )
    figures = result.figures
    # The small one and the crowd do not count.
    assert (figures["photos"], figures["things"], figures["covered"]) == (1, 2, 2)
    assert figures["moved"]["boxes"] == 2 * boxes.DRAWS and figures["exact"]["boxes"] == 2
    assert figures["moved"]["right"] == figures["exact"]["right"] == 1.0
    assert figures["moved"]["by_size"]["from 96 px"] == {
        "boxes": 0,
        "right": None,
        "no_mask": None,
    }
    assert figures["uncovered"]["boxes"] == 0
    assert json.loads(json.dumps(figures)) == figures
    assert result.lines[-1] == "bar of 90% right: met"


def test_the_same_boxes_are_drawn_every_time(tmp_path):
    once, again = (_measured(tmp_path, [("red", RED, 0)]).figures for _ in range(2))
    assert once == again


def test_things_that_no_mask_covers_do_not_count(tmp_path):
    figures = _measured(tmp_path, [("red", RED, 0), ("red", ELSEWHERE, 0)]).figures
    assert (figures["things"], figures["covered"]) == (2, 1)
    assert figures["moved"]["boxes"] == figures["uncovered"]["boxes"] == boxes.DRAWS
    assert figures["moved"]["right"] == figures["uncovered"]["no_mask"] == 1.0
    with pytest.raises(BadRequest, match="covered by a mask"):
        _measured(tmp_path, [("red", ELSEWHERE, 0)])


def test_without_annotated_photos_there_is_nothing_to_measure(tmp_path):
    with pytest.raises(BadRequest, match="annotated"):
        boxes.measure(BenchRequest(folder=tmp_path), RecordingListener())


def test_jittered_boxes_stay_near_and_within_the_photo():
    rng = np.random.default_rng(0)
    box = BoxXyxy(0, 50, 100, 120)
    moved = np.array([jittered(box, (160, 120), rng).as_tuple() for _ in range(300)])
    assert moved.min() >= 0 and moved[:, 3].max() <= 120
    assert np.abs(moved - box.as_tuple()).max(axis=0) == pytest.approx([10, 7, 10, 7], abs=0.3)
    assert len(np.unique(moved[:, 1])) > 250


def test_boxes_of_uncovered_things_do_not_change_those_of_others(tmp_path):
    alone = _measured(tmp_path, [("red", RED, 0)])
    beside = _measured(tmp_path, [("red", ELSEWHERE, 0), ("red", RED, 0)])
    assert alone.figures["moved"] == beside.figures["moved"]
    assert not any("other things" in line for line in alone.lines)
    assert "of the other things: 100.0% match no mask, 0.0% are right" in beside.lines[-2]


def test_shares_by_size():
    outcomes = [
        Outcome(40.0 * 40, "right"),
        Outcome(95.0 * 95, "none"),
        Outcome(96.0 * 96, "wrong"),
        Outcome(300.0 * 300, "right"),
    ]
    found = boxes.shares(outcomes)
    assert (found["boxes"], found["right"], found["no_mask"]) == (4, 0.5, 0.25)
    assert found["by_size"] == {
        "32 to 96 px": {"boxes": 2, "right": 0.5, "no_mask": 0.5},
        "from 96 px": {"boxes": 2, "right": 0.5, "no_mask": 0.0},
    }
