"""While it runs: watching, pausing, cancelling, searching, closing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import settings
from engine.errors import BadRequest, Cancelled, LibraryInUse
from engine.jobs import JobState
from engine.library import Library
from engine.records import IndexingState, LibraryChanges, SearchRequest, Verdict
from tests.fakes import colour_models, synthetic_photos

from .conftest import PATIENCE_S, found, names, wait_until

Open = Callable[..., Library]


def test_a_watched_folder_is_followed_live(library: Library, photos: Path) -> None:
    synthetic_photos.photo(photos / "a.jpg", "red", seed=1)
    library.folders.add(photos)
    library.folders.start_watching()
    wait_until(lambda: library.status().searchable == 1, "indexed")
    synthetic_photos.photo(photos / "b.jpg", "blue", seed=2)
    wait_until(lambda: library.status().searchable == 2, "noticed")
    assert names(found(library, "blue")) == ["b.jpg"]
    (photos / "a.jpg").unlink()
    wait_until(lambda: library.status().photos == 1, "noticed to be gone")
    assert library.status().note == ""


def test_the_status_says_where_the_models_ran(open_library: Open, photos: Path) -> None:
    synthetic_photos.photo(photos / "a.jpg", "red", seed=1)
    library = open_library(analysis=colour_models.load_noting_models)
    library.folders.add(photos)
    assert library.status().note == ""
    library.indexing.start().result(PATIENCE_S)
    assert library.status().note == colour_models.NotingProposer.note


def test_a_folder_added_while_watching_is_followed_too(library: Library, photos: Path) -> None:
    library.folders.start_watching()
    synthetic_photos.photo(photos / "a.jpg", "red")
    library.folders.add(photos)
    wait_until(lambda: library.status().searchable == 1, "indexed")


def test_changes_are_drained_once(library: Library, photos: Path) -> None:
    synthetic_photos.photo(photos / "a.jpg", "red")
    library.folders.add(photos)
    assert library.take_changes().folders
    library.indexing.start().result(PATIENCE_S)
    changes = library.take_changes()
    assert changes.photos == {library.photos.page()[0].id}
    assert library.take_changes() == LibraryChanges()
    library.indexing.start().result(PATIENCE_S)
    assert not library.take_changes().photos


def test_starting_twice_returns_the_running_job_which_scans_again(
    library: Library, photos: Path
) -> None:
    for i in range(5):
        synthetic_photos.photo(photos / f"{i}.jpg", "red", seed=i)
    library.folders.add(photos)
    library.indexing.pause()
    job = library.indexing.start()
    wait_until(lambda: library.status().indexing is IndexingState.PAUSED, "paused")
    synthetic_photos.photo(photos / "late.jpg", "blue", seed=9)
    assert library.indexing.start() is job
    library.indexing.resume()
    assert job.result(PATIENCE_S).searchable == 6
    assert library.indexing.start() is not job


def looks(library: Library) -> int:
    """Photos that were looked at, counting coarse and full ones apart."""
    status = library.status()
    return status.searchable + status.outlined


@pytest.mark.parametrize("passed", [3, 35])
def test_a_paused_run_goes_on_where_it_was(library: Library, photos: Path, passed: int) -> None:
    for i in range(30):
        synthetic_photos.photo(photos / f"{i}.jpg", "red", seed=i)
    library.folders.add(photos)
    job = library.indexing.start()
    wait_until(lambda: looks(library) >= passed, "under way")
    library.indexing.pause()
    wait_until(lambda: library.status().indexing is IndexingState.PAUSED, "paused")
    settled = threading.Event()
    count = -1
    while not settled.is_set():  # what was in work when it was paused is still written
        now = looks(library)
        if now == count:
            settled.set()
        count = now
        settled.wait(0.5)
    assert not job.ended and count < 60
    assert found(library, "red", limit=100).hits, "a paused library can be searched"
    library.indexing.resume()
    status = job.result(PATIENCE_S)
    assert status.searchable == status.outlined == 30 and status.indexing is IndexingState.IDLE
    assert job.progress.done == job.progress.total == 30 and job.progress.per_second > 0


@pytest.mark.parametrize("passed", [3, 45])
def test_a_cancelled_run_keeps_what_it_has(library: Library, photos: Path, passed: int) -> None:
    for i in range(40):
        synthetic_photos.photo(photos / f"{i}.jpg", "red", seed=i)
    library.folders.add(photos)
    job = library.indexing.start()
    wait_until(lambda: looks(library) >= passed, "under way")
    job.cancel()
    with pytest.raises(Cancelled):
        job.result(PATIENCE_S)
    assert passed <= looks(library) < 80
    assert library.indexing.start().result(PATIENCE_S).outlined == 40
    assert library.status().problems == 0


def test_closing_in_the_middle_of_everything_leaves_one_clean_file(
    open_library: Open, photos: Path, tmp_path: Path
) -> None:
    for i in range(40):
        synthetic_photos.photo(photos / f"{i}.jpg", "red", seed=i)
    library = open_library()
    library.folders.add(photos)
    library.folders.start_watching()
    wait_until(lambda: library.status().searchable >= 2, "under way")

    job = library.search.start(SearchRequest(text="red"))
    library.close()
    assert job.ended
    assert not list((tmp_path / "library").glob("library.sqlite-*"))
    again = open_library()
    assert again.indexing.start().result(PATIENCE_S).outlined == 40
    report = again.maintenance.check().result(PATIENCE_S)
    assert report.repaired == () and report.faults == ()


def test_a_second_look_shows_hits_first_and_verdicts_as_they_come(
    open_library: Open, photos: Path
) -> None:

    # The colour fills more and more of the photos; stage one cannot tell.
    for i in range(4):
        size = 10 + 20 * i
        shape = [("red", (20, 20, 20 + size, 20 + size))]
        synthetic_photos.write(photos / f"{i}.png", synthetic_photos.pixels(shape))
    synthetic_photos.write(
        photos / "unverifiable.png", synthetic_photos.pixels([("red", (5, 5, 95, 95))])
    )
    eyes = colour_models.FakeReranker()
    library = open_library(calibrated=False, reranker=eyes)
    library.folders.add(photos)
    library.indexing.start().result(PATIENCE_S)
    plain = found(library, "red")
    assert {hit.verdict for hit in plain.hits} == {Verdict.UNVERIFIED}
    job = library.search.start(SearchRequest(text="red", verify=5))
    result = job.result(PATIENCE_S)
    assert job.partial is not None and not job.partial.complete and result.complete
    by_name = {hit.photo.path.stem: hit for hit in result.hits}
    assert [h.photo.path.stem for h in result.hits] == ["3", "2", "1", "unverifiable", "0"]
    assert by_name["3"].verdict is Verdict.MATCH and by_name["0"].verdict is Verdict.NO
    unseen = by_name["unverifiable"]
    assert unseen.verdict is Verdict.UNVERIFIED and not unseen.looked_at
    assert "cannot be looked at" in unseen.reason and "One photo" in result.note
    assert (result.reranker, result.to_look_at, result.looked_at) == ("Eyes", 5, 5)
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)
    assert all(hit.region is not None for hit in result.hits)
    some = found(library, "red", verify=2)
    assert sum(hit.looked_at for hit in some.hits) <= 2
    library.close()
    assert eyes.closed


def test_a_newer_search_ends_the_older_one(library: Library, photos: Path) -> None:
    synthetic_photos.photo(photos / "a.jpg", "red")
    library.folders.add(photos)
    library.indexing.start().result(PATIENCE_S)
    jobs = [library.search.start(SearchRequest(text="red")) for _ in range(20)]
    assert len(jobs[-1].result(PATIENCE_S).hits) == 1
    wait_until(lambda: all(job.ended for job in jobs), "ended")
    assert {job.state for job in jobs} <= {JobState.CANCELLED, JobState.SUCCEEDED}


def test_a_second_writer_is_refused_and_a_reader_changes_nothing(
    open_library: Open, photos: Path
) -> None:
    synthetic_photos.photo(photos / "a.jpg", "red")
    library = open_library()
    library.folders.add(photos)
    library.indexing.start().result(PATIENCE_S)
    with pytest.raises(LibraryInUse):
        open_library()
    reader = open_library(read_only=True)
    assert names(found(reader, "red")) == ["a.jpg"]
    assert reader.photos.thumbnail(reader.photos.page()[0].id)
    for write in (
        reader.indexing.start,
        reader.folders.scan,
        reader.folders.start_watching,
        reader.indexing.retry_problems,
    ):
        with pytest.raises(BadRequest, match="reading only"):
            write()
    with pytest.raises(BadRequest):
        reader.folders.add(photos)
    with pytest.raises(BadRequest):
        reader.folders.remove(1)
    assert reader.maintenance.check().result(PATIENCE_S).ok
    synthetic_photos.photo(photos / "b.jpg", "blue", seed=3)
    library.indexing.start().result(PATIENCE_S)
    assert names(found(reader, "blue")) == ["b.jpg"], "a reader sees what was written since"


def test_several_workers_find_the_same(open_library: Open, photos: Path, tmp_path: Path) -> None:

    (tmp_path / "library").mkdir()
    settings.save(tmp_path / "library/settings.json", settings.Settings(workers=2))
    library = open_library()
    for i in range(20):
        synthetic_photos.photo(photos / f"{i}.jpg", "red", seed=i // 2)  # every photo twice
    library.folders.add(photos)
    assert library.indexing.start().result(PATIENCE_S).searchable == 20
    report = library.maintenance.check().result(PATIENCE_S)
    assert (report.photos, report.vectors, report.repaired, report.faults) == (10, 20, (), ())
