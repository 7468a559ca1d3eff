"""Cut-out, mask and overlay: the right pixels at the right place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.errors import ExportProblem
from engine.export.cutout import make_cutout, make_fine_cutout
from engine.export.mask import make_mask
from engine.export.overlay import ACCENT_RGB, DIM_TO, make_overlay
from engine.masks import rle as rle_codec
from engine.records import Rle

RED, GREEN = (220, 30, 30), (20, 160, 40)
SIZES = [(160, 120), (2048, 1536)]


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


@pytest.mark.parametrize("size_wh", SIZES)
def test_cutout_is_the_disc_at_full_size(make_disc, size_wh):
    made = make_disc(size_wh=size_wh)
    rgba = make_cutout(made.rgb, made.photo, made.region)
    alpha = rgba[..., 3]
    rows, columns = np.nonzero(alpha >= 128)
    side = 2 * made.radius
    assert abs(np.ptp(columns) + 1 - side) <= 3 and abs(np.ptp(rows) + 1 - side) <= 3
    assert abs((alpha / 255).sum() / made.mask_hw.sum() - 1) < 0.02
    assert side < rgba.shape[1] < side * 1.15, "cropped to the thing with a small margin"


@pytest.mark.parametrize("size_wh", SIZES)
def test_a_fine_cutout_of_a_sharp_thing_is_the_thing(make_disc, size_wh):
    made = make_disc(size_wh=size_wh)
    rgba = make_fine_cutout(made.rgb, made.photo, made.region)
    assert abs((rgba[..., 3] / 255).sum() / made.mask_hw.sum() - 1) < 0.02
    solid = rgba[rgba[..., 3] > 250][:, :3].astype(int)
    assert np.abs(solid - RED).max() <= 3
    assert not rgba[rgba[..., 3] == 0].any()


@pytest.mark.parametrize("size_wh", SIZES)
def test_cutout_edge_is_soft_over_about_one_analysis_pixel(make_disc, size_wh):
    made = make_disc(size_wh=size_wh)
    alpha = make_cutout(made.rgb, made.photo, made.region)[..., 3].astype(float) / 255
    scale = max(1.0, max(size_wh) / 1024)
    half_there = ((alpha > 0.1) & (alpha < 0.9)).sum()
    width_px = half_there / (2 * np.pi * made.radius)
    assert 0.4 * scale < width_px < 2.0 * scale


@pytest.mark.parametrize("size_wh", SIZES)
def test_cutout_holds_no_trace_of_the_background(make_disc, size_wh):
    made = make_disc(size_wh=size_wh)
    rgba = make_cutout(made.rgb, made.photo, made.region)
    visible = rgba[..., 3] > 0
    assert (rgba[~visible] == 0).all()
    assert (rgba[visible][:, 1] <= RED[1]).all(), "no green in any visible pixel"


def test_cutout_at_the_border_of_the_photo_stays_inside(make_disc):
    made = make_disc()
    everything = np.ones(made.mask_hw.shape, bool)
    region = replace(made.region, rle=rle_codec.encode(everything))
    rgba = make_cutout(made.rgb, made.photo, region)
    assert rgba.shape == (120, 160, 4)
    assert (rgba[..., 3] == 255).all()
    assert (rgba[..., :3] == made.rgb).all()


def test_cutout_of_a_hair_thin_thing_is_not_empty(make_disc):
    made = make_disc()
    line = np.zeros(made.mask_hw.shape, bool)
    line[60, 20:120] = True
    rgba = make_cutout(made.rgb, made.photo, replace(made.region, rle=rle_codec.encode(line)))
    assert (rgba[..., 3] > 100).sum() >= 90


@pytest.mark.parametrize("size_wh", SIZES)
def test_mask_has_the_upright_size(make_disc, size_wh):
    made = make_disc(size_wh=size_wh)
    mask = make_mask(made.photo, made.region)
    assert mask.dtype == np.uint8 and mask.shape == size_wh[::-1]
    assert set(np.unique(mask)) == {0, 255}
    assert _iou(mask == 255, made.mask_hw) > 0.99


@pytest.mark.parametrize("size_wh", SIZES)
def test_overlay_dims_the_rest_and_outlines_the_thing(make_disc, size_wh):
    made = make_disc(size_wh=size_wh)
    drawn = make_overlay(made.rgb, made.photo, made.region)
    assert drawn.shape == made.rgb.shape
    x, y = (int(c) for c in made.centre)
    assert tuple(drawn[y, x]) == RED
    dimmed = tuple(round(v * DIM_TO) for v in GREEN)
    assert np.abs(drawn[2, 2].astype(int) - dimmed).max() <= 1
    accent = np.abs(drawn.astype(int) - ACCENT_RGB).max(axis=2) <= 3
    rows, columns = np.nonzero(accent)
    away = np.hypot(columns + 0.5 - made.centre[0], rows + 0.5 - made.centre[1]) - made.radius
    scale = max(1.0, max(size_wh) / 1024)
    assert np.abs(away).max() <= 2.5 * scale, "the line follows the edge"
    width_px = accent.sum() / (2 * np.pi * made.radius)
    assert 1.0 * scale <= width_px <= 3.0 * scale


def test_overlay_leaves_its_input_alone(make_disc):
    made = make_disc()
    before = made.rgb.copy()
    make_overlay(made.rgb, made.photo, made.region)
    assert (made.rgb == before).all()


def test_overlay_of_a_whole_photo_is_the_photo(make_disc):
    made = make_disc()
    assert (make_overlay(made.rgb, made.photo, None) == made.rgb).all()


def test_a_photo_that_changed_its_size_is_refused(make_disc):
    made = make_disc()
    for make in (make_cutout, make_fine_cutout, make_overlay):
        with pytest.raises(ExportProblem, match="160 x 120"):
            make(made.rgb[:-1], made.photo, made.region)


@pytest.mark.parametrize("stored_hw", [(500, 500), (10, 10)])
def test_runs_of_another_size_are_refused(make_disc, stored_hw):
    made = make_disc()
    runs = rle_codec.encode(np.eye(stored_hw[0], dtype=bool)).counts
    wrong = Rle(size_hw=(stored_hw[0] - 3, stored_hw[1]), counts=runs)
    with pytest.raises(ExportProblem, match="cannot be used"):
        make_mask(made.photo, replace(made.region, rle=wrong))


def test_an_empty_mask_is_refused(make_disc):
    made = make_disc()
    empty = rle_codec.encode(np.zeros((120, 160), bool))
    with pytest.raises(ExportProblem, match="it is empty"):
        make_cutout(made.rgb, made.photo, replace(made.region, rle=empty))
