"""Other models take over in an open library: what answers is one profile's at any moment."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.errors import BadRequest, Cancelled, ModelBroken, ModelMissing
from engine.index import usearch_index
from engine.library import Library
from engine.profiles import registry
from engine.records import SearchRequest, SearchResult
from engine.search import candidates
from engine.store.rows import IndexLevel
from tests.fakes import colour_models, synthetic_photos
from tests.fakes.library_copies import copy_library

from .conftest import PATIENCE_S, found, names, wait_until

MANY = 24


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """The second profile's full pass waits for this file, where a test makes it wait."""
    return tmp_path / "gate"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict:
    """The profiles one can choose by name."""
    known = {"colours": colour_models.profile, "wide": colour_models.wide_profile}
    monkeypatch.setattr(registry, "PROFILES", known)
    return known


@pytest.fixture
def opened(tmp_path: Path, known: dict) -> Iterator[Callable[[], Library]]:
    """Opens the library with what its settings say, closing it first if it is open."""
    libraries: list[Library] = []

    def run() -> Library:
        for library in libraries:
            library.close()
        libraries[:] = [Library.open(tmp_path / "library")]
        return libraries[0]

    yield run
    for library in libraries:
        library.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos, and a closed library that has indexed all of them with ``colours``; only copied."""
    root = tmp_path_factory.mktemp("template")
    for i in range(MANY):
        photo = root / "photos" / f"{i:02}.jpg"
        photo.parent.mkdir(exist_ok=True)
        synthetic_photos.photo(photo, "red", "green", seed=i, age_s=1000 + i)
    with Library.open(root / "library", profile=colour_models.profile()) as library:
        library.folders.add(root / "photos")
        library.indexing.start().result(PATIENCE_S)
    (root / "library" / "settings.json").write_text('{"profile": "colours"}')
    return root


@pytest.fixture
def library(opened: Callable[[], Library], template: Path, photos: Path) -> Library:
    """All photos indexed with ``colours``."""
    copy_library(template, photos.parent)
    return opened()


def hold(known: dict, gate: Path) -> None:
    known["wide"] = functools.partial(colour_models.wide_profile, gate=gate)


def assert_of_one_profile(library: Library, result: SearchResult) -> None:
    """Every region of the answer was made by the profile that the answer names."""
    with library._components.store._db.reading() as connection:
        for hit in result.hits:
            made_by = connection.execute(
                """SELECT p.description FROM region_blocks b JOIN profiles p ON p.id = b.profile_id
                   WHERE ? BETWEEN b.last_id - b.regions + 1 AND b.last_id""",
                (hit.region.id,),
            ).fetchone()
            assert made_by == (result.profile,)


def like(library: Library, region_id: int) -> SearchResult:
    return library.search.start(SearchRequest(like_region=region_id)).result(PATIENCE_S)


@pytest.mark.parametrize("asks_the_index", [True, False])
def test_searches_during_profile_changes_never_fail_and_never_mix_profiles(
    library: Library, monkeypatch: pytest.MonkeyPatch, asks_the_index: bool
) -> None:
    if asks_the_index:
        monkeypatch.setattr(candidates, "ALL_PHOTOS", 0)
        monkeypatch.setattr(usearch_index, "SEAL_AT", 10)
    answered: list[str] = []
    for wanted in ("wide", "colours", "wide", "colours", "wide", "colours"):
        job = library.models.change(wanted)
        while not (job.ended and answered and answered[-1] == wanted):
            result = found(library, "red", limit=100)
            assert_of_one_profile(library, result)
            assert len(names(result)) == MANY, "something could not be found for a while"
            for region in library.photos.regions(result.hits[0].photo.id):
                assert library.photos.region(region.id) is not None
            answered.append(result.profile)
        assert job.result(0).outlined == MANY
    changes = [b for a, b in itertools.pairwise(answered) if a != b]
    assert changes == ["wide", "colours", "wide", "colours", "wide", "colours"]
    assert library.status().profile == library.settings.profile == "colours"
    assert library.maintenance.check().result(PATIENCE_S).ok


def test_a_running_search_keeps_its_profile(library: Library) -> None:
    with library._components.active_profile.using() as before:
        library.models.change("wide").result(PATIENCE_S)
        assert library.models.active.name == "wide"
        assert len(before.index.search(colour_models.colour_vector(1.0), 5).ids) == 5
        assert before.index._manifest is not None
    assert before.index._opened_manifest is None, "closed with its last user"
    assert library._components.active_profile.open_ids() == {library._components.profile_id}


def test_the_old_profile_stays_active_until_the_new_one_has_indexed_everything(
    library: Library, known: dict, gate: Path
) -> None:
    hold(known, gate)
    job = library.models.change("wide")
    wait_until(lambda: library.status().change.searchable == MANY, "looked at as a whole")
    status = library.status()
    assert (status.profile, status.outlined, status.change.profile) == ("colours", MANY, "wide")
    assert (status.change.outlined, status.change.done, status.change.full.waiting) == (0, 0, MANY)
    result = found(library, "red", limit=100)
    assert result.profile == "colours" and len(names(result)) == MANY
    assert_of_one_profile(library, result)
    library.take_changes()
    gate.touch()
    job.result(PATIENCE_S)
    assert library.take_changes().profile
    status = library.status()
    assert (status.profile, status.change, status.outlined) == ("wide", None, MANY)
    assert library.settings.profile == "wide" and not library.settings.next_profile
    assert len(names(found(library, "green", limit=100))) == MANY


def test_photos_added_during_a_change_are_found_before_and_after_it(
    library: Library, known: dict, gate: Path, photos: Path
) -> None:
    hold(known, gate)
    job = library.models.change("wide")
    wait_until(lambda: library.status().change.searchable == MANY, "looked at as a whole")
    synthetic_photos.photo(photos / "new.jpg", "blue", age_s=100)
    assert library.indexing.start() is job
    gate.touch()  # what the held models are looking at ends; the rest gives way to the new photo
    wait_until(lambda: names(found(library, "blue")) == ["new.jpg"], "found")
    job.result(PATIENCE_S)
    result = found(library, "blue")
    assert (result.profile, names(result)) == ("wide", ["new.jpg"])
    assert library.status().outlined == MANY + 1


def test_new_photos_are_indexed_with_the_active_profile_first(
    library: Library, known: dict, gate: Path, photos: Path
) -> None:
    """Though nothing of the change can go on."""
    hold(known, gate)
    synthetic_photos.photo(photos / "new.jpg", "blue", age_s=100)
    library.folders.scan().result(PATIENCE_S)
    job = library.models.change("wide")
    wait_until(lambda: names(found(library, "blue")) == ["new.jpg"], "found")
    assert library.models.active.name == "colours" and not job.ended
    gate.touch()
    job.result(PATIENCE_S)


def test_a_cancelled_change_keeps_its_data(
    library: Library, known: dict, gate: Path, tmp_path: Path
) -> None:
    hold(known, gate)
    job = library.models.change("wide")
    wait_until(lambda: library.status().change.searchable == MANY, "looked at as a whole")
    library.models.cancel_change()
    gate.touch()
    job.result(PATIENCE_S)
    status = library.status()
    assert (status.profile, status.change, library.settings.next_profile) == ("colours", None, "")
    kept = {one.name: one for one in library.models.kept()}
    assert kept["wide"].photos == MANY and not (kept["wide"].complete or kept["wide"].next)
    log = tmp_path / "looks"
    before = sum(1 for level in levels(library, "wide") if level == "full")
    known["wide"] = functools.partial(colour_models.wide_profile, calls_log=log)
    library.models.change("wide").result(PATIENCE_S)
    assert len(log.read_text().splitlines()) == MANY - before, "nothing is looked at twice"


def levels(library: Library, name: str) -> list[str]:
    query = """SELECT level FROM indexings i JOIN profiles p ON p.id = i.profile_id
               WHERE p.description = ?"""
    with library._components.store._db.reading() as connection:
        return [row[0] for row in connection.execute(query, (name,))]


def test_requesting_the_active_profile_withdraws_the_request(
    library: Library, known: dict, gate: Path
) -> None:
    hold(known, gate)
    library.models.change("wide")
    job = library.models.change("colours")
    gate.touch()
    job.result(PATIENCE_S)
    assert library.status().profile == "colours" and library.status().change is None


def test_changing_to_a_complete_profile_analyses_nothing(
    library: Library, known: dict, gate: Path
) -> None:
    library.models.change("wide").result(PATIENCE_S)
    known["colours"] = functools.partial(colour_models.profile, analysis=colour_models.load_nothing)
    library.indexing.pause()
    job = library.models.change("colours")
    wait_until(lambda: library.models.active.name == "colours", "answering")
    library.indexing.resume()
    assert job.result(PATIENCE_S).outlined == MANY
    assert found(library, "red").profile == "colours"


def test_a_change_continues_when_the_library_is_opened_again(
    library: Library, opened: Callable[[], Library], known: dict, gate: Path
) -> None:
    hold(known, gate)
    job = library.models.change("wide")
    wait_until(lambda: library.status().change.searchable == MANY, "looked at as a whole")
    job.cancel()
    with pytest.raises(Cancelled):
        job.result(PATIENCE_S)
    gate.touch()
    again = opened()
    assert (again.models.active.name, again.status().change.profile) == ("colours", "wide")
    again.indexing.start().result(PATIENCE_S)
    assert again.models.active.name == opened().models.active.name == "wide"


def test_a_requested_profile_without_models_is_reported_and_the_rest_works(
    library: Library, opened: Callable[[], Library], known: dict, gate: Path
) -> None:
    hold(known, gate)
    job = library.models.change("wide")
    del known["wide"]
    library.close()
    assert job.ended
    again = opened()
    assert "wide" in again.status().note and again.status().change is None
    assert again.indexing.start().result(PATIENCE_S).outlined == MANY
    known["wide"] = colour_models.wide_profile
    opened().indexing.start().result(PATIENCE_S)
    assert opened().models.active.name == "wide"


def test_a_profile_that_cannot_search_never_becomes_active(
    library: Library, known: dict, caplog: pytest.LogCaptureFixture
) -> None:
    def broken():
        raise BadRequest("no text model", operation="loading")

    known["wide"] = lambda: dataclasses.replace(colour_models.wide_profile(), scorer=broken)
    with pytest.raises(BadRequest, match="no text model"):
        library.models.change("wide").result(PATIENCE_S)
    assert library.status().profile == library.settings.profile == "colours"
    assert "no text model" in library.status().note
    assert len(names(found(library, "red", limit=100))) == MANY


def test_an_example_region_of_another_profile_is_refused(library: Library) -> None:
    region = found(library, "red").hits[0].region
    assert len(like(library, region.id).hits) > 0
    library.models.change("wide").result(PATIENCE_S)
    with pytest.raises(BadRequest, match="other models"):
        like(library, region.id)
    assert len(like(library, found(library, "red").hits[0].region.id).hits) > 0


def test_deleting_an_unused_profile_frees_its_space(library: Library) -> None:
    with pytest.raises(BadRequest, match="in use"):
        library.models.delete("colours").result(PATIENCE_S)
    with pytest.raises(BadRequest, match="No models called wide"):
        library.models.delete("wide").result(PATIENCE_S)
    library.models.change("wide").result(PATIENCE_S)
    kept = {one.name: one for one in library.models.kept()}
    assert kept["wide"].answering and kept["colours"].complete and kept["colours"].disk_bytes > 0
    freed = library.models.delete("colours").result(PATIENCE_S)
    assert freed > 0 and [one.name for one in library.models.kept()] == ["wide"]
    assert not levels(library, "colours")
    assert len(names(found(library, "red", limit=100))) == MANY
    report = library.maintenance.check().result(PATIENCE_S)
    assert report.repaired == () and report.faults == ()
    status = library.models.change("colours").result(PATIENCE_S)
    assert (status.profile, status.outlined) == ("colours", MANY)


def test_the_cost_comes_from_a_trial_and_later_from_measurements(library: Library) -> None:
    cost = library.models.change_cost("wide").result(PATIENCE_S)
    assert (cost.profile, cost.photos, cost.tried) == ("wide", MANY, True)
    assert cost.seconds == pytest.approx(MANY / cost.per_second)
    assert cost.fits and 0 < cost.disk_bytes < cost.free_bytes
    assert levels(library, "wide") == [], "a trial keeps nothing"
    assert library.models.change_cost("colours").result(PATIENCE_S).photos == 0
    library._components.store.counts.record_throughput(
        library._components.store.profile_id("wide-1", colour_models.WIDE_NDIM, "wide"),
        IndexLevel.FULL,
        2.0,
    )
    cost = library.models.change_cost("wide").result(PATIENCE_S)
    assert (cost.per_second, cost.tried, cost.seconds) == (2.0, False, MANY / 2)


def test_unknown_profiles_are_refused(library: Library) -> None:
    with pytest.raises(BadRequest, match="crystal ball"):
        library.models.change("crystal ball")
    with pytest.raises(BadRequest, match="crystal ball"):
        library.models.change_cost("crystal ball").result(PATIENCE_S)
    assert library.settings.next_profile == ""


def test_a_profile_whose_models_stopped_working_can_be_changed(
    library: Library,
    opened: Callable[[], Library],
    known: dict,
    photos: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    known["colours"] = functools.partial(colour_models.profile, analysis=colour_models.load_nothing)
    synthetic_photos.photo(photos / "new.jpg", "blue", age_s=100)
    again = opened()
    with pytest.raises(ModelBroken):
        again.indexing.start().result(PATIENCE_S)
    assert again.models.change("wide").result(PATIENCE_S).outlined == MANY + 1
    assert names(found(again, "blue")) == ["new.jpg"]
    caplog.clear()


def test_a_library_opens_although_its_models_are_missing(
    library: Library, opened: Callable[[], Library], known: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone():
        raise ModelMissing("wide.bin is not there.", operation="loading")

    library.models.change("wide").result(PATIENCE_S)
    known["wide"] = gone
    monkeypatch.setattr(registry, "BUILT_IN", "colours")
    again = opened()
    assert again.models.active.name == "colours" and "wide.bin" in again.status().note
    assert len(names(found(again, "red", limit=100))) == MANY
    assert again.settings.profile == "wide", "it answers again once it is back"
    again.models.change("colours").result(PATIENCE_S)
    assert opened().status().note == ""


@pytest.mark.parametrize("rounds", [3, pytest.param(15, marks=pytest.mark.slow)])
def test_a_change_continues_after_kills_at_any_moment(
    library: Library, opened: Callable[[], Library], tmp_path: Path, rounds: int
) -> None:
    library.close()
    rng, log, killed = random.Random(), tmp_path / "looks", 0
    for _ in range(rounds):
        killed += killed_after(tmp_path, log, rng.randrange(0, 2 * MANY // rounds + 2))
        again = opened()
        result = found(again, "red", limit=100)
        assert_of_one_profile(again, result)
        assert len(names(result)) == MANY, "the old models answer, or the new ones do"
        change = again.status().change
        assert (again.models.active.name == "wide") == (change is None)
        again.close()
    assert killed
    again = opened()
    again.indexing.start().result(PATIENCE_S)
    assert again.models.active.name == "wide" and again.status().outlined == MANY
    assert levels(again, "wide") == ["full"] * MANY
    report = again.maintenance.check().result(PATIENCE_S)
    assert report.repaired == () and report.faults == ()


def killed_after(tmp_path: Path, log: Path, photos: int) -> bool:
    """Change on and SIGKILL after so many looks; False if it was faster."""
    script = Path(__file__).with_name("changing_script.py")
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "library"), str(log)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(script.parents[2])},
    )
    with process:
        for line in process.stdout:
            if line.strip() == "finished":
                return False
            if int(line) >= photos:
                break
        process.kill()
    return True
