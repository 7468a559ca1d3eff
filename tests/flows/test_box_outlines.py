"""The second look points at a thing that has no stored outline: it gets one for this hit."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine.errors import BadRequest
from engine.jobs import JobState
from engine.library import Library
from engine.masks.rle import decode
from engine.records import (
    UNSTORED,
    BoxXyxy,
    ExportKind,
    ExportRequest,
    SearchHit,
    SearchRequest,
    Verdict,
)
from tests.fakes import colour_models, synthetic_photos
from tests.fakes.colour_models import PALE, FakeReranker, FixedBoxVerifier
from tests.fakes.library_copies import copy_library

from .conftest import PATIENCE_S, found, wait_until

THING = BoxXyxy(90, 60, 130, 100)
"""Where the pale square is that no model proposes."""
AROUND = BoxXyxy(87, 58, 132, 104)
SEARCH = SearchRequest(text="red", verify=3)


def add_photo(photos: Path, number: int = 0) -> Path:
    """A red square, and the pale one that is only found when it is pointed at."""
    rgb = synthetic_photos.pixels([("red", (10, 10, 40, 40))])
    rgb[60:100, 90:130] = PALE
    rgb[-1, -1] = 120 + number
    return synthetic_photos.write(photos / f"{number}.png", rgb, age_s=3600 + number)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One photo and a closed library that has indexed it; only copied."""
    root = tmp_path_factory.mktemp("template")
    add_photo(root / "photos")
    with Library.open(root / "library", profile=colour_models.profile()) as library:
        library.folders.add(root / "photos")
        library.indexing.start().result(PATIENCE_S)
    return root


@pytest.fixture
def pointing(
    open_library: Callable[..., Library], template: Path, photos: Path
) -> Callable[..., Library]:
    """A library with one photo, whose reranker returns a box around the pale square."""

    def run(*, probability: float = 0.9, box: BoxXyxy = AROUND, **options) -> Library:
        copy_library(template, photos.parent)
        return open_library(
            reranker=FakeReranker(lambda: FixedBoxVerifier(box, probability)), **options
        )

    return run


def only_hit(library: Library) -> SearchHit:
    result = library.search.start(SEARCH).result(PATIENCE_S)
    assert result.complete and result.note == "" and len(result.hits) == 1
    assert result.hits[0].looked_at
    return result.hits[0]


def test_the_box_gets_a_mask_that_is_not_stored(pointing) -> None:
    library = pointing()
    hit = only_hit(library)
    assert hit.region.id == UNSTORED and hit.box_xyxy is None and hit.parts == ()
    assert hit.region.box_xyxy == THING and hit.verdict is Verdict.MATCH
    mask = decode(hit.region.rle)
    assert mask.sum() == 40 * 40 and mask[60:100, 90:130].all()
    stored = library.photos.regions(hit.photo.id)
    assert len(stored) == 1 and stored[0].box_xyxy == BoxXyxy(10, 10, 40, 40)
    assert library.photos.region(UNSTORED) is None


def test_an_unsure_hit_gets_a_mask_too(pointing) -> None:
    hit = only_hit(pointing(probability=0.3))
    assert hit.verdict is Verdict.UNSURE and hit.region.id == UNSTORED


def test_a_rejected_hit_keeps_its_box(pointing) -> None:
    hit = only_hit(pointing(probability=0.1))
    assert hit.verdict is Verdict.NO and hit.box_xyxy == AROUND


def test_a_box_that_a_stored_mask_fits_needs_no_new_mask(pointing) -> None:
    hit = only_hit(pointing(box=BoxXyxy(9, 9, 42, 41)))
    assert hit.region.id != UNSTORED and hit.box_xyxy is None


def stays_a_box(hit: SearchHit, box: BoxXyxy = AROUND) -> bool:
    return hit.verdict is Verdict.MATCH and hit.box_xyxy == box and hit.region.id != UNSTORED


def test_the_box_stays_where_no_mask_is_found(pointing) -> None:
    nowhere = BoxXyxy(50, 5, 80, 30)
    assert stays_a_box(only_hit(pointing(box=nowhere)), nowhere)


def test_a_mask_that_does_not_fit_the_box_is_not_used(pointing) -> None:
    wide = BoxXyxy(80, 45, 160, 118)
    assert stays_a_box(only_hit(pointing(box=wide)), wide)


@pytest.mark.parametrize(
    "load", [colour_models.load_unpromptable, colour_models.load_fatal_outlines]
)
def test_models_that_cannot_segment_a_box_cost_only_the_mask(pointing, load, caplog) -> None:
    library = pointing(analysis=load)
    assert stays_a_box(only_hit(library))
    add_photo(library.folders.all()[0].path, 1)
    assert library.indexing.start().result(PATIENCE_S).searchable == 2, "the index goes on"


def test_the_verdict_does_not_wait_for_the_mask_which_is_cached(pointing, tmp_path: Path) -> None:
    asked, gate = tmp_path / "asked", tmp_path / "gate"
    library = pointing(analysis=partial(colour_models.load_held_outlines, asked, gate))
    job = library.search.start(SEARCH)
    wait_until(asked.exists, "asked for an outline")
    assert job.partial.looked_at == 1 and stays_a_box(job.partial.hits[0])
    gate.touch()
    first = job.result(PATIENCE_S).hits[0]
    assert first.region.id == UNSTORED
    assert only_hit(library).region == first.region
    assert len(asked.read_text().split()) == 1


def test_a_new_query_cancels_the_wait_and_keeps_the_worker(pointing, tmp_path: Path) -> None:
    asked, gate = tmp_path / "asked", tmp_path / "gate"
    library = pointing(analysis=partial(colour_models.load_held_outlines, asked, gate))
    old = library.search.start(SEARCH)
    wait_until(asked.exists, "asked for an outline")
    found(library, "blue")
    assert old.state is JobState.CANCELLED
    gate.touch()
    assert only_hit(library).region.id == UNSTORED
    pids = [int(line) for line in asked.read_text().split()]
    assert len(pids) == 2 and all(map(psutil.pid_exists, pids))


def test_closing_cancels_the_segmentation_of_a_box(pointing, tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    library = pointing(analysis=partial(colour_models.load_held_outlines, asked, tmp_path / "gate"))
    job = library.search.start(SEARCH)
    wait_until(asked.exists, "asked for an outline")
    library.close()
    assert job.ended
    assert not psutil.pid_exists(int(asked.read_text()))


def test_a_read_only_library_makes_masks_for_boxes_too(pointing, open_library) -> None:
    pointing()
    look = FakeReranker(lambda: FixedBoxVerifier(AROUND))
    assert only_hit(open_library(read_only=True, reranker=look)).region.id == UNSTORED


# -- what can be done with it ----------------------------------------------------------------


def test_an_unstored_region_can_be_exported_in_every_format(pointing, tmp_path: Path) -> None:
    from PIL import Image

    library = pointing()
    hit = only_hit(library)

    def exported(kind: ExportKind) -> Path:
        to = tmp_path / kind.value
        request = ExportRequest((hit,), to, kind, "red")
        summary = library.exports.start(request).result(PATIENCE_S)
        assert not summary.problems
        return summary.written[0]

    with Image.open(exported(ExportKind.CUTOUT)) as cutout:
        assert cutout.mode == "RGBA" and cutout.getchannel("A").getextrema() == (0, 255)
    with Image.open(exported(ExportKind.MASK)) as image:
        mask = np.asarray(image)
    assert mask.shape == (120, 160) and (mask > 0).sum() == 1600
    assert exported(ExportKind.OVERLAY).suffix == ".jpg"
    document = json.loads(exported(ExportKind.COCO).read_text())
    assert document["annotations"][0]["bbox"] == [90, 60, 40, 40]
    rows = list(csv.reader(exported(ExportKind.CSV).read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == 2


def test_a_search_by_an_unstored_region_is_refused_with_a_hint(pointing) -> None:
    library = pointing()
    region_id = only_hit(library).region.id
    with pytest.raises(BadRequest) as caught:
        library.search.start(SearchRequest(like_region=region_id)).result(PATIENCE_S)
    assert caught.value.hint


# -- photos that are not there ---------------------------------------------------------------


def test_a_missing_photo_is_verified_by_its_thumbnail(
    open_library: Callable[..., Library], photos: Path
) -> None:
    rgb = synthetic_photos.pixels([("red", (200, 300, 900, 1000))], (1600, 1200))
    path = synthetic_photos.write(photos / "a.png", rgb)
    library = open_library(reranker=FakeReranker())
    library.folders.add(photos)
    library.indexing.start().result(PATIENCE_S)
    there = only_hit(library)
    path.unlink()
    gone = only_hit(library)
    assert gone.verdict is there.verdict is Verdict.MATCH and gone.region == there.region
    assert gone.probability == pytest.approx(there.probability, rel=0.05)


def test_a_missing_photo_keeps_the_box(pointing, photos: Path) -> None:
    library = pointing()
    (photos / "0.png").unlink()
    assert stays_a_box(only_hit(library))


def test_without_a_thumbnail_it_has_no_verdict(pointing, photos: Path) -> None:
    library = pointing()
    (photos / "0.png").unlink()
    library._components.thumbnails.remove([library.photos.page()[0].id])
    result = found(library, "red", verify=3)
    assert len(result.hits) == 1 and not result.hits[0].looked_at
    assert "One photo could not be looked at" in result.note
