"""Made photos with one disc, and the hits that point at it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.jobs import CancelToken, JobContext
from engine.masks import geometry
from engine.masks import rle as rle_codec
from engine.records import Photo, PhotoId, Region, RegionId, SearchHit, Verdict

RED, GREEN = (220, 30, 30), (20, 160, 40)


def disc(size_wh: tuple[int, int], centre: tuple[float, float], radius: float) -> np.ndarray:
    """Bool (H, W): pixels whose centre lies within the radius."""
    rows, columns = np.mgrid[: size_wh[1], : size_wh[0]] + 0.5
    return (columns - centre[0]) ** 2 + (rows - centre[1]) ** 2 <= radius**2


class DiscPhoto:
    """A red disc on green: pixels, record, region and hit that agree with each other."""

    def __init__(self, path: Path, size_wh: tuple[int, int], photo_id: int) -> None:
        self.centre = (size_wh[0] * 0.4, size_wh[1] * 0.5)
        self.radius = size_wh[1] * 0.3
        self.mask_hw = disc(size_wh, self.centre, self.radius)
        self.rgb = np.where(self.mask_hw[..., None], RED, GREEN).astype(np.uint8)
        self.photo = Photo(PhotoId(photo_id), path, size_wh)
        small_wh = geometry.fit_within(size_wh, geometry.ANALYSIS_SIDE_PX)
        scale = small_wh[0] / size_wh[0]
        small = disc(
            small_wh, (self.centre[0] * scale, self.centre[1] * scale), self.radius * scale
        )
        box = geometry.mask_box(small).scaled(1 / scale, 1 / scale)
        self.region = Region(RegionId(photo_id), self.photo.id, box, rle_codec.encode(small), 0.9)
        self.hit = SearchHit(self.photo, 0.7, self.region, Verdict.MATCH, 0.83, "looks like it")
        self.whole_hit = SearchHit(self.photo, -0.2, None, Verdict.UNSURE, 0.4)


@pytest.fixture
def make_disc(tmp_path: Path) -> Callable[..., DiscPhoto]:
    created: list[DiscPhoto] = []

    def make(name: str = "disc.jpg", size_wh: tuple[int, int] = (160, 120)) -> DiscPhoto:
        created.append(DiscPhoto(tmp_path / "photos" / name, size_wh, len(created) + 1))
        return created[-1]

    return make


@pytest.fixture
def context() -> JobContext:
    return JobContext(CancelToken())
