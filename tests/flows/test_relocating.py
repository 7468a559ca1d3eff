"""Folders that were moved as a whole: checked on a sample, and nothing is looked at again."""

from __future__ import annotations

import doctest
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import BadRequest, FolderProblem
from engine.indexing import relocation
from engine.library import Library
from tests.fakes import synthetic_photos

from .conftest import PATIENCE_S, found, names, wait_until

Open = Callable[..., Library]
COUNT = 6


def index(library: Library) -> None:
    library.indexing.start().result(PATIENCE_S)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "looks"


def looks(log: Path) -> int:
    return len(log.read_text().splitlines())


@pytest.fixture
def library(open_library: Open, photos: Path, log: Path) -> Library:
    """Two watched folders below ``photos``, indexed."""
    for n in range(COUNT):
        synthetic_photos.photo(photos / f"{'ab'[n % 2]}/sub/{n}.jpg", "red", seed=n)
    library = open_library(calls_log=log)
    for name in "ab":
        library.folders.add(photos / name)
    index(library)
    return library


def all_there(library: Library, place: Path) -> bool:
    hits = found(library, "red", limit=50).hits
    paths = [hit.photo.path for hit in hits]
    return (
        len(paths) == COUNT
        and all(path.is_file() for path in paths)
        and (all(path.is_relative_to(place) for path in paths))
    )


def test_a_drive_that_is_mounted_elsewhere(
    library: Library, photos: Path, tmp_path: Path, log: Path
) -> None:
    ids = {photo.id for photo in library.photos.page()}
    photos.rename(tmp_path / "elsewhere")
    index(library)
    assert not any(folder.online for folder in library.folders.all())
    moves = library.folders.relocate(photos, tmp_path / "elsewhere").result(PATIENCE_S)
    assert [(move.old.name, move.new.name, move.there, move.looked_for) for move in moves] == [
        ("a", "a", 3, 3),
        ("b", "b", 3, 3),
    ]
    assert all(folder.online and folder.photos == 3 for folder in library.folders.all())
    assert all_there(library, tmp_path / "elsewhere")
    index(library)
    assert looks(log) == COUNT and {photo.id for photo in library.photos.page()} == ids


def test_one_folder_of_two(library: Library, photos: Path, tmp_path: Path, log: Path) -> None:
    (photos / "a").rename(tmp_path / "renamed")
    job = library.folders.relocate(photos / "a", tmp_path / "renamed")
    (move,) = job.result(PATIENCE_S)
    assert job.partial == (move,), "the new place counts before it is scanned"
    assert (move.old, move.new) == (photos / "a", tmp_path / "renamed")
    assert [folder.path for folder in library.folders.all()] == [
        tmp_path / "renamed",
        photos / "b",
    ]
    index(library)
    assert looks(log) == COUNT and len(names(found(library, "red", limit=50))) == COUNT


def test_a_copy_with_other_times_on_another_computer(
    library: Library, photos: Path, tmp_path: Path, log: Path
) -> None:
    shutil.copytree(photos, tmp_path / "copy", copy_function=shutil.copyfile)
    for path in (tmp_path / "copy").rglob("*.jpg"):
        os.utime(path, (1e9, 1e9))
    shutil.rmtree(photos)
    library.folders.relocate(photos, tmp_path / "copy").result(PATIENCE_S)
    index(library)
    assert all_there(library, tmp_path / "copy") and looks(log) == COUNT


def test_other_photos_of_the_same_size_are_refused(
    library: Library, photos: Path, tmp_path: Path
) -> None:
    shutil.copytree(photos, tmp_path / "other")
    for path in (tmp_path / "other").rglob("*.jpg"):
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
    with pytest.raises(FolderProblem, match="looked for here, 0 are the same"):
        library.folders.relocate(photos, tmp_path / "other").result(PATIENCE_S)
    assert [folder.path for folder in library.folders.all()] == [photos / "a", photos / "b"]


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("photos", "nowhere", FolderProblem),
        ("photos", "empty", FolderProblem),
        ("photos/a", "photos/b", FolderProblem),
        ("photos/a/sub", "copy", BadRequest),
        ("elsewhere", "copy", BadRequest),
        ("photos", "library", FolderProblem),
    ],
)
def test_wrong_places_are_refused_and_nothing_changes(
    library: Library, photos: Path, tmp_path: Path, old: str, new: str, error: type[Exception]
) -> None:
    shutil.copytree(photos, tmp_path / "copy")
    (tmp_path / "empty").mkdir()
    before = library.folders.all()
    with pytest.raises(error):
        library.folders.relocate(tmp_path / old, tmp_path / new).result(PATIENCE_S)
    assert library.folders.all() == before


def test_the_new_place_is_watched(library: Library, photos: Path, tmp_path: Path) -> None:
    library.folders.start_watching()
    photos.rename(tmp_path / "elsewhere")
    library.folders.relocate(photos, tmp_path / "elsewhere").result(PATIENCE_S)
    synthetic_photos.photo(tmp_path / "elsewhere/a/new.jpg", "blue", seed=77)
    wait_until(lambda: names(found(library, "blue")) == ["new.jpg"], "noticed")


def test_folders_of_another_system() -> None:
    assert doctest.testmod(relocation).failed == 0
