"""Folders that are emptied, exchanged or moved: nothing is lost, and nothing looked at twice."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.indexing import folder_scan
from engine.library import Library
from engine.records import Folder
from engine.watch import mounts, scanner
from tests.fakes import synthetic_photos

from .conftest import PATIENCE_S, found, names, wait_until

Open = Callable[..., Library]
COUNT = 8


def fill(folder: Path, count: int = COUNT) -> None:
    for n in range(count):
        synthetic_photos.photo(folder / f"{n % 2}/{n}.jpg", "red", seed=n)


def index(library: Library) -> None:
    library.indexing.start().result(PATIENCE_S)


def looks(log: Path) -> int:
    return len(log.read_text().splitlines())


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "looks"


@pytest.fixture
def library(open_library: Open, log: Path, photos: Path) -> Library:
    """All photos are indexed."""
    fill(photos)
    library = open_library(calls_log=log)
    library.folders.add(photos)
    index(library)
    assert looks(log) == COUNT
    return library


def folder(library: Library) -> Folder:
    return library.folders.all()[0]


def all_found(library: Library) -> bool:
    return len(names(found(library, "red", limit=100))) == COUNT


def emptied(photos: Path) -> None:
    away = photos.with_name("away")
    away.mkdir()
    for entry in list(photos.iterdir()):
        entry.rename(away / entry.name)


def mostly_emptied(photos: Path) -> None:
    away = photos.with_name("away")
    away.mkdir()
    for path in sorted(photos.rglob("*.jpg"))[: COUNT - 2]:
        (away / path.relative_to(photos)).parent.mkdir(exist_ok=True)
        path.rename(away / path.relative_to(photos))


def replaced_by_an_empty_folder(photos: Path) -> None:
    photos.rename(photos.with_name("away"))
    photos.mkdir()


def exchanged(photos: Path) -> None:
    """Another drive of the same name, with other photos under some of the same names."""
    photos.rename(photos.with_name("away"))
    for n in range(0, COUNT, 2):
        synthetic_photos.photo(photos / f"0/{n}.jpg", "blue", seed=100 + n, age_s=50 + n)


def renamed(photos: Path) -> None:
    photos.rename(photos.with_name("away"))


def bring_back(photos: Path) -> None:
    away = photos.with_name("away")
    if photos.is_dir() and any(photos.rglob("*.jpg")) and len(list(away.rglob("*.jpg"))) < COUNT:
        for path in away.rglob("*.jpg"):
            path.rename(photos / path.relative_to(away))
        return
    shutil.rmtree(photos, ignore_errors=True)
    away.rename(photos)


WAYS = [emptied, mostly_emptied, replaced_by_an_empty_folder, exchanged, renamed]


@pytest.mark.parametrize("go_away", WAYS)
def test_a_drive_that_is_away_loses_nothing_and_costs_nothing(
    library: Library, photos: Path, log: Path, go_away: Callable[[Path], None]
) -> None:
    go_away(photos)
    for _ in range(2):
        index(library)
        assert not folder(library).online and folder(library).photos == COUNT
        assert (folder(library).lacking > 0) == (go_away is not renamed)
        assert all_found(library)
    hit = found(library, "red").hits[0]
    assert not hit.photo.available and library.photos.thumbnail(hit.photo.id)
    bring_back(photos)
    index(library)
    assert folder(library).online and folder(library).lacking == 0
    assert all_found(library) and found(library, "red").hits[0].photo.available
    assert looks(log) == COUNT
    report = library.maintenance.check().result(PATIENCE_S)
    assert (report.photos, report.repaired, report.faults) == (COUNT, (), ())


@pytest.mark.parametrize("go_away", WAYS)
def test_a_drive_that_goes_away_during_a_scan(
    library: Library, photos: Path, monkeypatch: pytest.MonkeyPatch, go_away: Callable
) -> None:
    real, visited = os.scandir, []

    def scandir(path):
        visited.append(path)
        if len(visited) == 3:  # the root twice, then its first folder
            go_away(photos)
        return real(path)

    with monkeypatch.context() as patched:
        patched.setattr(scanner.os, "scandir", scandir)
        library.folders.scan().result(PATIENCE_S)
    assert len(visited) >= 3
    assert folder(library).photos == COUNT and all_found(library)
    bring_back(photos)
    index(library)
    assert folder(library).online and folder(library).photos == COUNT


def test_nothing_is_deleted_however_long_a_drive_is_away(
    library: Library, photos: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emptied(photos)
    index(library)

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(days=400)

    monkeypatch.setattr(folder_scan, "datetime", Later)
    assert Later.now(UTC).year > datetime.now(UTC).year
    index(library)
    assert all_found(library)
    bring_back(photos)
    index(library)
    assert all_found(library) and looks(log) == COUNT


def test_what_is_really_gone_is_believed_when_somebody_says_so(
    library: Library, photos: Path, log: Path
) -> None:
    emptied(photos)
    index(library)
    assert library.folders.believe(folder(library).id).result(PATIENCE_S)
    assert folder(library).online and folder(library).lacking == 0
    assert library.status().photos == 0 and found(library, "red").hits == ()
    index(library)
    assert library.status().photos == 0
    bring_back(photos)  # within 30 days
    index(library)
    assert all_found(library) and looks(log) == COUNT


def test_new_photos_on_an_exchanged_drive_are_taken_when_somebody_says_so(
    library: Library, photos: Path
) -> None:
    exchanged(photos)
    index(library)
    assert names(found(library, "blue")) == [] and all_found(library)
    library.folders.believe(folder(library).id).result(PATIENCE_S)
    index(library)
    assert len(names(found(library, "blue"))) == COUNT // 2
    assert names(found(library, "red")) == []


def test_another_volume_with_a_single_other_photo_is_doubted(
    library: Library, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, uuids = tmp_path / "mounts", tmp_path / "by-uuid"
    uuids.mkdir()
    for name in ("a", "b"):
        (uuids / f"uuid-{name}").symlink_to(f"/dev/drive-{name}")
    monkeypatch.setattr(mounts, "_MOUNTS", table)
    monkeypatch.setattr(mounts, "_UUIDS", uuids)
    table.write_text(f"/dev/drive-a {tmp_path} ext4 rw 0 0\n")
    index(library)
    table.write_text(f"/dev/drive-b {tmp_path} ext4 rw 0 0\n")
    index(library)
    assert folder(library).online, "a copy of the drive is as good"
    table.write_text(f"/dev/drive-a {tmp_path} ext4 rw 0 0\n")
    (photos / "0/0.jpg").unlink()
    index(library)
    assert not folder(library).online and folder(library).lacking == 1
    assert all_found(library)
    table.write_text(f"/dev/drive-b {tmp_path} ext4 rw 0 0\n")
    index(library)
    assert folder(library).online and folder(library).photos == COUNT - 1


def test_a_drive_that_goes_away_while_photos_wait_leaves_them_waiting(
    open_library: Open, log: Path, photos: Path
) -> None:
    fill(photos)
    library = open_library(calls_log=log)
    library.folders.add(photos)
    library.folders.scan().result(PATIENCE_S)
    library.indexing.pause()
    job = library.indexing.start()
    wait_until(lambda: library.status().indexing.value == "paused", "paused")
    mostly_emptied(photos)
    library.indexing.resume()
    job.result(PATIENCE_S)
    assert folder(library).photos == COUNT and folder(library).lacking
    bring_back(photos)
    index(library)
    assert all_found(library) and looks(log) == COUNT


def test_photos_moved_between_folders_are_asked_about_by_nobody(
    library: Library, photos: Path, log: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    library.folders.add(other)
    for entry in list(photos.iterdir()):
        entry.rename(other / entry.name)
    index(library)
    first, second = library.folders.all()
    assert (first.photos, first.online, first.lacking) == (0, True, 0)
    assert (second.photos, second.online) == (COUNT, True)
    assert all_found(library) and looks(log) == COUNT
    hit = found(library, "red").hits[0]
    assert hit.photo.available and hit.photo.path.is_relative_to(other)


def test_a_drive_mounted_below_a_watched_folder_may_be_away(
    library: Library, photos: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the device of the folder is simulated; "1" has half of the photos, too few to ask."""
    real, drive, away = scanner._identity, photos / "1", photos.with_name("away")
    mounted = [drive]

    def identity(path):
        found_at = real(path)
        below = any(Path(path).is_relative_to(folder) for folder in mounted)
        return (found_at[0] + 1, found_at[1]) if found_at is not None and below else found_at

    monkeypatch.setattr(scanner, "_identity", identity)
    index(library)
    drive.rename(away)
    drive.mkdir()
    mounted.clear()
    synthetic_photos.photo(drive / "1.jpg", "blue", seed=99)  # below the mount point
    for _ in range(2):
        index(library)
        assert folder(library).online and folder(library).photos == COUNT and all_found(library)
        (problem,) = library.indexing.problems()
        assert problem.path == drive and "not connected" in problem.message
    (drive / "1.jpg").unlink()
    drive.rmdir()
    away.rename(drive)
    mounted.append(drive)
    index(library)
    assert library.indexing.problems() == () and looks(log) == COUNT
    # Really gone, when somebody says so.
    shutil.rmtree(drive)
    mounted.clear()
    index(library)
    assert folder(library).photos == COUNT
    library.folders.believe(folder(library).id).result(PATIENCE_S)
    assert folder(library).photos == COUNT // 2 and library.indexing.problems() == ()


@pytest.mark.long
def test_a_thousand_photos_moved_between_folders_are_not_looked_at_again(
    open_library: Open, photos: Path, log: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for n in range(1000):
        synthetic_photos.photo(photos / f"{n // 100}/{n}.jpg", "red", seed=n)
    library = open_library(calls_log=log)
    for root in (photos, other):
        library.folders.add(root)
    library.indexing.start().result(10 * PATIENCE_S)
    assert library.status().outlined == 1000
    before = looks(log)
    ids = {photo.id for photo in library.photos.page(2000)}
    assert len(ids) > 800  # a few of them are alike to the byte
    for entry in list(photos.iterdir()):
        entry.rename(other / entry.name)
    library.indexing.start().result(10 * PATIENCE_S)
    first, second = library.folders.all()
    assert (first.photos, first.online) == (0, True)
    assert (second.photos, second.searchable) == (1000, 1000)
    assert looks(log) == before
    assert {photo.id for photo in library.photos.page(2000)} == ids


def test_a_renamed_folder_below_a_root_is_asked_about_by_nobody(
    library: Library, photos: Path, log: Path
) -> None:
    inner = photos.with_name("inner")
    photos.rename(inner)
    photos.mkdir()
    inner.rename(photos / "2021")
    index(library)
    assert folder(library).online and folder(library).photos == COUNT
    assert all_found(library) and looks(log) == COUNT
