"""Reading COCO files, good ones of every kind and bad ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from pycocotools import mask as coco

from engine.errors import BadRequest, EngineError
from engine.evaluation import coco_truth

SIZE_WH = (40, 30)
SQUARE = [5, 5, 15, 5, 15, 15, 5, 15]


def _square_mask() -> np.ndarray:
    mask = np.zeros((30, 40), np.uint8)
    mask[5:15, 5:15] = 1
    return mask


def _write(path: Path, segmentation, **changes) -> Path:
    annotation = {"id": 7, "image_id": 1, "category_id": 3, "iscrowd": 0, "area": 100.0}
    annotation |= {"segmentation": segmentation} | changes
    document = {
        "images": [
            {"id": 1, "file_name": "a.jpg", "width": 40, "height": 30},
            {"id": 2, "file_name": "b.jpg", "width": 20, "height": 20},
        ],
        "annotations": [annotation],
        "categories": [{"id": 3, "name": "cat"}, {"id": 4, "name": "dog"}],
    }
    path.write_text(json.dumps(document))
    return path


def _runs() -> list[int]:
    flat = _square_mask().ravel(order="F")
    edges = np.flatnonzero(np.diff(flat)) + 1
    return np.diff([0, *edges, flat.size]).tolist()


COMPRESSED = coco.encode(np.asfortranarray(_square_mask()))["counts"].decode()


@pytest.mark.parametrize(
    "segmentation",
    [
        [SQUARE],
        SQUARE,
        json.dumps([SQUARE]),
        {"size": [30, 40], "counts": _runs()},
        {"size": [30, 40], "counts": COMPRESSED},
        json.dumps({"size": [30, 40], "counts": COMPRESSED}),
    ],
    ids=["polygons", "bare polygon", "polygon text", "runs", "compressed", "compressed text"],
)
def test_every_way_to_draw_the_same_square(tmp_path, segmentation):
    truth = coco_truth.load(_write(tmp_path / "i.json", segmentation))
    (instance,) = truth.photos[0].instances
    mask = instance.mask_hw(SIZE_WH)
    assert mask.dtype == bool and mask.shape == (30, 40)
    assert (mask == _square_mask().astype(bool)).all()


def test_photos_categories_and_queries(tmp_path):
    truth = coco_truth.load(_write(tmp_path / "i.json", [SQUARE]))
    assert [photo.file_name for photo in truth.photos] == ["a.jpg", "b.jpg"]
    assert truth.queries() == {3: "cat"}
    assert truth.photos[0].holds(3) and not truth.photos[1].holds(3)


def test_a_crowd_alone_makes_no_query_but_is_there(tmp_path):
    crowd = {"size": [30, 40], "counts": _runs()}
    truth = coco_truth.load(_write(tmp_path / "i.json", crowd, iscrowd=1))
    assert truth.queries() == {}
    assert truth.photos[0].holds(3)


def test_nothing_drawn(tmp_path):
    truth = coco_truth.load(_write(tmp_path / "i.json", []))
    (instance,) = truth.photos[0].instances
    assert instance.rle(SIZE_WH) is None
    assert not instance.mask_hw(SIZE_WH).any()


def test_a_missing_area_is_measured(tmp_path):
    path = _write(tmp_path / "i.json", [SQUARE])
    document = json.loads(path.read_text())
    del document["annotations"][0]["area"]
    path.write_text(json.dumps(document))
    assert coco_truth.load(path).photos[0].instances[0].area_px == 100


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        "\xff",
        '{"images": [], "annotations": [], "categories": 5}',
        '{"images": [{}], "annotations": [], "categories": []}',
        '{"images": [], "categories": [], "annotations": [{"image_id": 5}]}',
    ],
)
def test_bad_files_are_named(tmp_path, text):
    path = tmp_path / "i.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(BadRequest) as caught:
        coco_truth.load(path)
    assert caught.value.path == path and caught.value.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"category_id": 99},
        {"image_id": 99},
        {"category_id": "cat"},
        {"segmentation": "not json"},
        {"segmentation": {"size": [3, 4], "counts": "0<"}},
        {"segmentation": {"counts": "0<"}},
        {"segmentation": [["x", "y"]]},
    ],
)
def test_bad_annotations(tmp_path, changes):
    with pytest.raises(EngineError):
        coco_truth.load(
            _write(tmp_path / "i.json", changes.pop("segmentation", [SQUARE]), **changes)
        )


def test_no_such_file(tmp_path):
    with pytest.raises(BadRequest, match="cannot be read"):
        coco_truth.load(tmp_path / "none.json")
