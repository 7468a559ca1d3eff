"""Many new photos: searchable as a whole at once, outlined later, and nothing done twice."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import Cancelled
from engine.indexing import analysis_pool
from engine.jobs import Job
from engine.library import Library
from engine.records import LibraryStatus, Verdict
from tests.fakes import colour_models, synthetic_photos

from .conftest import PATIENCE_S, found, names, wait_until

Open = Callable[..., Library]
MANY = 20
"""More than any number of workers would index in full at once."""


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """Once there is such a file, the full pass may go on."""
    return tmp_path / "gate"


@pytest.fixture
def held(open_library: Open, gate: Path) -> Library:
    return open_library(analysis=functools.partial(colour_models.load_held_models, gate))


def fill(photos: Path, count: int = MANY, **options) -> None:
    for i in range(count):
        synthetic_photos.photo(photos / f"{i:02}.jpg", "red", seed=i, age_s=1000 + i, **options)


def coarse_all(library: Library, photos: Path) -> Job[LibraryStatus]:
    """Begin to index; once this returns, the coarse pass is over and the full one is held."""
    library.folders.add(photos)
    job = library.indexing.start()
    wait_until(lambda: all_searchable(library.status()), "searchable")
    return job


def all_searchable(status: LibraryStatus) -> bool:
    return status.photos > 0 and status.pending == 0


def test_all_are_searchable_before_the_first_is_outlined(
    held: Library, photos: Path, gate: Path
) -> None:
    fill(photos, background=(215, 40, 40))
    job = coarse_all(held, photos)
    status = held.status()
    assert (status.searchable, status.outlined, status.regions) == (MANY, 0, 0)
    assert (status.coarse.waiting, status.full.waiting) == (0, MANY)
    result = found(held, "red", limit=100)
    assert len(result.hits) == len(held.photos.page()) == MANY
    assert {(hit.outlined, hit.region) for hit in result.hits} == {(False, None)}
    assert {hit.verdict for hit in result.hits} <= {Verdict.UNSURE, Verdict.NO}
    assert all(held.photos.thumbnail(photo.id) for photo in held.photos.page())
    ids = {photo.id for photo in held.photos.page()}
    held.take_changes()
    gate.touch()
    status = job.result(PATIENCE_S)
    assert (status.searchable, status.outlined, status.full.waiting) == (MANY, MANY, 0)
    assert {photo.id for photo in held.photos.page()} == ids == held.take_changes().photos
    assert all(hit.outlined for hit in found(held, "red", limit=100).hits)
    report = held.maintenance.check().result(PATIENCE_S)
    assert (report.photos, report.repaired, report.faults) == (MANY, (), ())
    assert report.vectors == MANY + report.regions


def test_the_thumbnail_of_the_coarse_pass_has_full_size(
    held: Library, photos: Path, gate: Path
) -> None:
    from PIL import Image

    fill(photos, size_wh=(1600, 1200))
    coarse_all(held, photos)
    jpeg = held.photos.thumbnail(held.photos.page()[0].id)
    assert Image.open(io.BytesIO(jpeg)).size == (384, 288)
    gate.touch()


def test_a_photo_added_during_the_full_pass_is_searchable_soon(
    held: Library, photos: Path, gate: Path
) -> None:
    fill(photos)
    job = coarse_all(held, photos)
    for i in range(MANY, 2 * MANY):
        synthetic_photos.photo(photos / f"{i:02}.jpg", "blue", seed=i, age_s=100)
    assert held.indexing.start() is job
    gate.touch()
    status = job.result(PATIENCE_S)
    assert status.outlined == 2 * MANY and status.problems == 0
    assert len(names(found(held, "blue", limit=100))) == MANY


def test_a_cancel_between_the_passes_keeps_the_coarse_pass(
    held: Library, photos: Path, gate: Path
) -> None:
    fill(photos)
    job = coarse_all(held, photos)
    job.cancel()
    with pytest.raises(Cancelled):
        job.result(PATIENCE_S)
    assert (held.status().searchable, held.status().outlined) == (MANY, 0)
    gate.touch()
    assert held.indexing.start().result(PATIENCE_S).outlined == MANY


def test_a_file_is_read_in_whole_for_its_hash_only_once(
    open_library: Open, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(photos)
    hashed: list[Path] = []

    def counted(path: Path):
        hashed.append(path)
        return fingerprint(path)

    fingerprint = analysis_pool.fingerprint
    monkeypatch.setattr(analysis_pool, "fingerprint", counted)
    library = open_library()
    library.folders.add(photos)
    assert library.indexing.start().result(PATIENCE_S).outlined == MANY
    assert len(hashed) == len(set(hashed)) == MANY


def test_content_that_changed_between_the_passes_is_noticed(
    held: Library, photos: Path, gate: Path
) -> None:
    fill(photos)
    job = coarse_all(held, photos)
    for i in range(MANY):  # nobody scans: the full look finds out by itself
        synthetic_photos.photo(photos / f"{i:02}.jpg", "blue", seed=100 + i, age_s=500 + i)
    gate.touch()
    job.result(PATIENCE_S)
    status = held.indexing.start().result(PATIENCE_S)
    assert (status.outlined, status.problems) == (MANY, 0)
    assert len(names(found(held, "blue", limit=100))) == MANY
    assert names(found(held, "red", limit=100)) == []
    report = held.maintenance.check().result(PATIENCE_S)
    assert (report.photos, report.faults) == (MANY, ())


def test_a_photo_whose_full_pass_fails_is_a_problem_and_still_found(
    open_library: Open, photos: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(photos, count=MANY - 1)
    black = synthetic_photos.pixels([("red", (20, 20, 150, 110))], background=(0, 0, 0))
    synthetic_photos.write(photos / "deadly.png", black)
    library = open_library(analysis=colour_models.load_failing_models)
    library.folders.add(photos)
    status = library.indexing.start().result(PATIENCE_S)
    assert (status.outlined, status.problems, status.pending) == (MANY - 1, 1, 0)
    assert [problem.path.name for problem in library.indexing.problems()] == ["deadly.png"]
    hits = {hit.photo.path.name: hit for hit in found(library, "red", limit=100).hits}
    assert len(hits) == MANY and not hits["deadly.png"].outlined
    assert library.maintenance.check().result(PATIENCE_S).ok
    caplog.clear()


def test_copies_and_a_moved_file_are_one_photo_in_both_passes(
    held: Library, photos: Path, gate: Path, tmp_path: Path
) -> None:
    fill(photos)
    for i in range(MANY):
        synthetic_photos.photo(photos / "copies" / f"{i:02}.jpg", "red", seed=i, age_s=3000 + i)
    job = coarse_all(held, photos)
    assert (held.status().searchable, len(held.photos.page(limit=100))) == (2 * MANY, MANY)
    for i in range(MANY):
        (photos / f"{i:02}.jpg").rename(photos / f"moved {i:02}.jpg")
    assert held.indexing.start() is job
    gate.touch()
    status = job.result(PATIENCE_S)
    assert (status.photos, status.outlined, status.problems) == (2 * MANY, 2 * MANY, 0)
    report = held.maintenance.check().result(PATIENCE_S)
    assert (report.photos, report.vectors, report.faults) == (MANY, 2 * MANY, ())


def test_a_folder_unplugged_between_the_passes_goes_on_when_it_is_back(
    held: Library, photos: Path, gate: Path, tmp_path: Path
) -> None:
    fill(photos)
    job = coarse_all(held, photos)
    photos.rename(tmp_path / "unplugged")
    gate.touch()
    status = job.result(PATIENCE_S)
    assert not status.folders[0].online and status.searchable == MANY
    assert status.full.waiting == 0, "nothing can be done for it now"
    assert len(found(held, "red", limit=100).hits) == MANY
    (tmp_path / "unplugged").rename(photos)
    assert held.indexing.start().result(PATIENCE_S).outlined == MANY


def test_another_profile_makes_all_photos_searchable_first(
    open_library: Open, photos: Path, gate: Path
) -> None:
    fill(photos)
    first = open_library()
    first.folders.add(photos)
    first.indexing.start().result(PATIENCE_S)
    first.close()
    load = functools.partial(colour_models.load_held_models, gate)
    second = open_library(key="colours-2", analysis=load)
    job = second.indexing.start()
    wait_until(lambda: second.status().searchable == MANY, "searchable")
    assert second.status().outlined == 0
    gate.touch()
    assert job.result(PATIENCE_S).outlined == MANY
