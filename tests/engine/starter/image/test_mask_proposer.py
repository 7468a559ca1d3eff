"""The starter models outline the thing in a box, on real photos."""

import numpy as np
import pytest

from engine.decode.reader import read_upright
from engine.errors import BadRequest
from engine.masks.geometry import ANALYSIS_SIDE_PX, box_iou, mask_box, mask_ious
from engine.masks.proposer import MIN_BOX_IOU, MaskProposer, PromptableProposer
from engine.paths import resources_dir
from engine.profiles.starter import load_models, shipped_folder
from engine.records import BoxXyxy


@pytest.fixture(scope="module")
def proposer():
    return load_models(shipped_folder()).proposer


@pytest.fixture(scope="module")
def cat() -> np.ndarray:
    return read_upright(resources_dir() / "samples/cat.jpg", ANALYSIS_SIDE_PX).rgb


@pytest.fixture(scope="module")
def proposals(proposer, cat):
    return proposer.propose(cat)


def widened(box: BoxXyxy, share: float) -> BoxXyxy:
    """As a language model may draw it: not tight, and not in the middle."""
    x, y = share * box.width, share * box.height
    return BoxXyxy(box.x0 - x, box.y0 - y / 2, box.x1 + x / 2, box.y1 + y)


def test_it_implements_both_proposer_protocols(proposer):
    assert isinstance(proposer, MaskProposer) and isinstance(proposer, PromptableProposer)


def test_a_box_around_the_cat_gives_the_cat(proposer, cat, proposals):
    """The largest thing of that photo, which fills a fifth of it or more."""
    best = max(proposals, key=lambda p: p.mask_hw.sum() * p.score)
    found = proposer.segment(cat, box=widened(best.box_xyxy, 0.06))
    assert found.mask_hw.shape == cat.shape[:2]
    assert found.box_xyxy == mask_box(found.mask_hw)
    assert mask_ious([found.mask_hw], [best.mask_hw])[0, 0] >= 0.5


def test_the_boxes_of_proposals_give_their_masks_again(proposer, cat, proposals):
    boxes = [widened(p.box_xyxy, 0.06) for p in proposals[:10]]
    found = [proposer.segment(cat, box=box) for box in boxes]
    assert all(box_iou(f.box_xyxy, b) >= MIN_BOX_IOU for f, b in zip(found, boxes, strict=True))
    same = [
        mask_ious([f.mask_hw], [p.mask_hw])[0, 0] for f, p in zip(found, proposals, strict=False)
    ]
    assert np.median(same) >= 0.8


def test_segmenting_does_not_change_the_proposals(proposer, cat, proposals):
    proposer.segment(cat, box=proposals[0].box_xyxy)
    again = proposer.propose(cat)
    assert [p.score for p in again] == [p.score for p in proposals]
    assert all(np.array_equal(a.mask_hw, p.mask_hw) for a, p in zip(again, proposals, strict=True))


@pytest.mark.parametrize(
    "box", [(10, 10, 60, 60), (0, 0, 256, 192), (250, 3, 256, 9), (300, 300, 400, 400)]
)
def test_nothing_is_outlined_where_there_is_nothing(proposer, box):
    """An empty wall with a little noise, and a box beside it."""
    wall = np.random.default_rng(0).normal(180, 2, (192, 256, 3)).clip(0, 255).astype(np.uint8)
    found = proposer.segment(wall, box=BoxXyxy(*map(float, box)))
    assert found is None or found.score < 0.3


@pytest.mark.parametrize("size_wh", [(1, 1), (900, 7), (8, 1024)])
def test_photos_with_extreme_aspect_ratios_work(proposer, size_wh):
    rgb = np.random.default_rng(0).integers(0, 255, (size_wh[1], size_wh[0], 3), dtype=np.uint8)
    found = proposer.segment(rgb, box=BoxXyxy(0, 0, *map(float, size_wh)))
    assert found is None or found.mask_hw.shape == rgb.shape[:2]


@pytest.mark.parametrize("asked", [{}, {"points_xy": [(5.0, 5.0)], "inside": [True]}])
def test_clicks_are_refused(proposer, cat, asked):
    with pytest.raises(BadRequest):
        proposer.segment(cat, **asked)
