"""The facade's own promises: opening, folders, closing. What it does is shown in tests/flows."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from engine import settings
from engine.errors import BadRequest, FolderProblem, StoreDamaged
from engine.library import Library
from engine.records import SearchRequest
from tests.fakes import colour_models, synthetic_photos


@pytest.fixture
def library(tmp_path: Path):
    with Library.open(tmp_path / "library", profile=colour_models.profile()) as opened:
        yield opened


def test_opening_makes_a_library_and_opening_again_finds_it(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with Library.open(tmp_path / "a/b/library", profile=colour_models.profile()) as first:
        folder = first.folders.add(tmp_path / "photos")
    with Library.open(tmp_path / "a/b/library", profile=colour_models.profile()) as second:
        assert second.folders.all() == (folder,)


def test_opening_starts_no_process_and_no_thread(library: Library) -> None:
    assert library._components.decoder.pid is None
    assert not library._components.indexer_pool._open
    assert not [t for t in threading.enumerate() if t.name.startswith("pickout-")]


def test_reading_only_needs_a_library(tmp_path: Path) -> None:
    with pytest.raises(FolderProblem):
        Library.open(tmp_path / "no", profile=colour_models.profile(), read_only=True)


def test_a_damaged_database_is_reported(tmp_path: Path) -> None:
    Library.open(tmp_path, profile=colour_models.profile()).close()
    path = tmp_path / "library.sqlite"
    path.write_bytes(b"\0" * 50 + path.read_bytes()[50:])
    with pytest.raises(StoreDamaged):
        Library.open(tmp_path, profile=colour_models.profile())


def test_unknown_models_are_refused(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"profile": "crystal ball"}')
    with pytest.raises(BadRequest, match="crystal ball"):
        Library.open(tmp_path)


def test_settings_that_cannot_be_read_are_noted(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"workers": 1000}')
    with Library.open(tmp_path, profile=colour_models.profile()) as library:
        assert "settings" in library.status().note
        assert library.settings.workers == 0
    assert (tmp_path / "settings.broken").exists()


def test_changed_settings_are_stored_and_the_others_stay(library: Library, tmp_path: Path) -> None:
    library.change_settings({"workers": 3})
    changed = library.change_settings({"rescan_minutes": 5, "second_look_picture_px": 672})
    assert changed == library.settings == settings.load(tmp_path / "library/settings.json")[0]
    assert (changed.workers, changed.rescan_minutes) == (3, 5)


@pytest.mark.parametrize(
    "values",
    [
        {"workers": 99},
        {"workers": "many"},
        {"profile": "full"},
        {"second_look_picture_px": 500},
        {"second_look_model": "sam2.1-tiny"},
        {"no_such": 1},
    ],
)
def test_values_that_are_not_valid_change_nothing(library: Library, values) -> None:
    before = library.settings
    with pytest.raises(BadRequest):
        library.change_settings({"rescan_minutes": 5} | values)
    assert library.settings == before


def test_settings_of_a_library_for_reading_only_stay(tmp_path: Path) -> None:
    Library.open(tmp_path, profile=colour_models.profile()).close()
    with (
        Library.open(tmp_path, profile=colour_models.profile(), read_only=True) as library,
        pytest.raises(BadRequest),
    ):
        library.change_settings({"workers": 1})


def test_adding_a_folder_twice_changes_nothing(library: Library, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    first = library.folders.add(tmp_path / "photos")
    assert library.folders.add(tmp_path / "photos" / ".." / "photos") == first
    with pytest.raises(FolderProblem, match="holds the library"):
        library.folders.add(tmp_path)


def test_searching_with_the_index_lane_busy_is_no_problem(library: Library, tmp_path: Path) -> None:
    synthetic_photos.photo(tmp_path / "photos/a.jpg", "red")
    library.folders.add(tmp_path / "photos")
    library.indexing.pause()
    job = library.indexing.start()
    assert library.search.start(SearchRequest(text="red")).result(30).hits == ()
    library.indexing.resume()
    assert job.result(30).searchable == 1


def test_closing_ends_a_paused_run_at_once(tmp_path: Path) -> None:
    library = Library.open(tmp_path / "library", profile=colour_models.profile())
    synthetic_photos.photo(tmp_path / "photos/a.jpg", "red")
    library.folders.add(tmp_path / "photos")
    library.indexing.pause()
    job = library.indexing.start()
    library.close()
    assert job.ended
    with pytest.raises(RuntimeError, match="closed"):
        library.indexing.start()


def test_warming_up_makes_ready_to_search(library: Library) -> None:
    library.search.warm_up().result(30)
    assert library._components.active_profile.current.search._loaded_scorer is not None


def test_a_profile_checks_its_values() -> None:
    good = colour_models.profile()
    for change, message in [
        ({"metric": "l2"}, "ip or cos"),
        ({"ndim": 0}, "at least 1"),
        ({"key": ""}, "a key"),
        ({"analysis_longest_px": 5000}, "1..1024"),
    ]:
        with pytest.raises(ValueError, match=message):
            replace(good, **change)


def test_opening_a_library_of_many_photos_reads_none_of_them(tmp_path: Path) -> None:
    """The number of photos does not matter: nothing but counters is read."""
    with Library.open(tmp_path / "library", profile=colour_models.profile()) as library:
        store = library._components.store
        folder_id = store.folders.add(tmp_path / "photos")
        store.files.record_found(folder_id, ((f"{i}.jpg", 1, i) for i in range(20_000)))
    with Library.open(tmp_path / "library", profile=colour_models.profile()) as library:
        steps = []
        with library._components.store._db.reading() as connection:
            connection.set_progress_handler(lambda: steps.append(1), 1000)
        assert library.status().pending == 20_000
        assert len(steps) < 5, f"reading the counters took {len(steps)} thousand steps"
