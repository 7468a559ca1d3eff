"""Generated photos of repainted things."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.benchmarks.inputs import recoloured_photos
from engine.benchmarks.inputs.recoloured_photos import PAINTS
from engine.evaluation.coco_truth import CocoTruth, Instance, TruthPhoto
from engine.starter.colours.colour_vectors import COLOURS, colour_vectors
from tests.fakes import synthetic_photos

CAR, DOG, TREE = 3, 7, 9
MASK = np.zeros((240, 320), bool)
MASK[60:180, 80:240] = True


def _thing(category: int, box: tuple[int, int, int, int], *, crowd: bool = False) -> Instance:
    x0, y0, x1, y1 = box
    area = float((x1 - x0) * (y1 - y0))
    return Instance(category, area, crowd, ((x0, y0, x1, y0, x1, y1, x0, y1),))


def _photo(folder: Path, name: str, *things: Instance) -> TruthPhoto:
    rng = np.random.default_rng(len(name))
    rgb = np.full((240, 320, 3), 128, np.uint8)
    rgb[60:180, 80:240] = rng.integers(90, 200, (120, 160, 1))
    rgb[:, :40] = 240
    synthetic_photos.write(folder / name, rgb)
    return TruthPhoto(name, (320, 240), things)


@pytest.fixture
def truth(tmp_path: Path) -> CocoTruth:
    """A whole car, a larger one that is cut off, a crowd of dogs, and two photos without either."""
    photos = (
        _photo(tmp_path, "car.png", _thing(CAR, (80, 60, 240, 180))),
        _photo(tmp_path, "cut-off.png", _thing(CAR, (60, 40, 320, 180))),
        _photo(tmp_path, "dogs.png", _thing(DOG, (80, 60, 240, 180), crowd=True)),
        _photo(tmp_path, "tree.png", _thing(TREE, (80, 60, 240, 180))),
        _photo(tmp_path, "empty.png"),
    )
    return CocoTruth(photos, {CAR: "car", DOG: "dog", TREE: "tree"})


@pytest.mark.parametrize("colour", PAINTS)
def test_a_repainted_thing_is_called_by_its_paint(colour: str):
    rng = np.random.default_rng(0)
    rgb = np.full((240, 320, 3), 128, np.uint8)
    rgb[:, :40] = 240
    rgb[MASK] = rng.integers(100, 180, (int(MASK.sum()), 1)) * np.ones(3)
    for paint in PAINTS[colour]:
        painted = recoloured_photos.repaint(rgb, MASK, paint)
        assert COLOURS[int(colour_vectors(painted, [MASK])[0].argmax())] == colour


def test_shading_stays_and_nothing_else_is_painted():
    rgb = np.full((240, 320, 3), 128, np.uint8)
    rgb[60:120, 80:240] = 90
    rgb[120:180, 80:240] = 160
    painted = recoloured_photos.repaint(rgb, MASK, (200, 25, 30))
    np.testing.assert_allclose(painted[~MASK].astype(int), 128, atol=1)
    assert painted[70, 100].astype(int).sum() < painted[150, 100].astype(int).sum() - 60


def test_one_photo_a_colour_of_a_whole_thing(truth: CocoTruth, tmp_path: Path):
    folder = tmp_path / "painted"
    generated = recoloured_photos.make(folder, truth, tmp_path, 5)
    assert {(one.category, one.colour) for one in generated} == {("car", name) for name in PAINTS}
    assert len(generated) == len(PAINTS) == len(COLOURS)
    names = [one.file_name for one in generated]
    assert sorted(names) == sorted(path.name for path in folder.iterdir())


def test_the_same_seed_makes_the_same_photos(truth: CocoTruth, tmp_path: Path):
    for folder in ("one", "two"):
        recoloured_photos.make(tmp_path / folder, truth, tmp_path, 1, seed=4)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_no_background_means_no_photos(truth: CocoTruth, tmp_path: Path):
    only_cars = CocoTruth(truth.photos[:2], truth.categories)
    assert recoloured_photos.make(tmp_path / "painted", only_cars, tmp_path, 5) == []


def test_nothing_to_paint_means_no_photos(truth: CocoTruth, tmp_path: Path):
    without = CocoTruth(truth.photos[3:], truth.categories)
    assert recoloured_photos.make(tmp_path / "painted", without, tmp_path, 5) == []
