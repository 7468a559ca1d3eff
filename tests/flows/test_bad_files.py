"""Files that are no photos, that crash or hang the models, or that are still being written."""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import settings as settings_file
from engine.errors import DiskFull, ModelBroken
from engine.library import Library
from tests.fakes import colour_models, synthetic_photos

from .conftest import PATIENCE_S, found, names

Open = Callable[..., Library]


def test_bad_files_become_problems_and_the_others_photos(library: Library, photos: Path) -> None:
    for i in range(5):
        synthetic_photos.photo(photos / f"good {i}.jpg", "red", seed=i)
    cut = synthetic_photos.photo(photos / "cut.jpg", "red", size_wh=(640, 480), seed=9)
    cut.write_bytes(cut.read_bytes()[:900])
    (photos / "nothing.jpg").touch()
    (photos / "text.jpg").write_text("Dear aunt,")
    (photos / "folder.jpg").mkdir()
    write_png_header(photos / "huge.png", 20_000, 20_000)
    for name in ("cut.jpg", "nothing.jpg", "text.jpg", "huge.png"):
        synthetic_photos.aged(photos / name, 100)
    library.folders.add(photos)
    status = library.indexing.start().result(PATIENCE_S)
    assert (status.searchable, status.problems, status.pending) == (5, 4, 0)
    kinds = {problem.path.name: problem.kind for problem in library.indexing.problems()}
    assert kinds == {
        "cut.jpg": "unreadable",
        "nothing.jpg": "unreadable",
        "text.jpg": "unreadable",
        "huge.png": "too-large",
        "folder.jpg": "folder",
    }
    assert all(problem.message for problem in library.indexing.problems())
    assert len(found(library, "red").hits) == 5
    assert library.indexing.start().result(PATIENCE_S).problems == 4
    assert all(problem.attempts == 1 for problem in library.indexing.problems()), (
        "unchanged: not retried"
    )
    synthetic_photos.photo(photos / "text.jpg", "blue", age_s=50)
    assert library.indexing.start().result(PATIENCE_S).problems == 3
    assert library.indexing.retry_problems([photos / "cut.jpg"]) == 1
    assert library.indexing.start().result(PATIENCE_S).problems == 3
    assert {p.path.name: p.attempts for p in library.indexing.problems()}["cut.jpg"] == 2


def test_a_photo_that_crashes_or_hangs_the_models_stops_nobody(
    open_library: Open, photos: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = dataclasses.replace(settings_file.Settings(), photo_time_limit_s=5)
    (tmp_path / "library").mkdir()
    settings_file.save(tmp_path / "library/settings.json", settings)
    library = open_library(analysis=colour_models.load_failing_models)
    moods = {"crash": (0, 0, 0), "hang": (255, 0, 255), "bug": (0, 255, 255)}
    for i, (name, background) in enumerate(moods.items()):
        synthetic_photos.photo(photos / f"{name}.png", background=background, age_s=10 + i)
    synthetic_photos.photo(photos / "good.png", "red", age_s=100)
    synthetic_photos.photo(photos / "first.png", "red", age_s=5, seed=3)
    library.folders.add(photos)
    status = library.indexing.start().result(PATIENCE_S)
    assert (status.searchable, status.problems) == (2, 3)
    kinds = {problem.path.stem: problem.kind for problem in library.indexing.problems()}
    assert kinds == {"crash": "crashed", "hang": "timed-out", "bug": "crashed"}
    assert sorted(names(found(library, "red"))) == ["first.png", "good.png"]


def test_models_that_cannot_be_loaded_end_the_run_without_a_failed_photo(
    open_library: Open, photos: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library = open_library(analysis=colour_models.load_nothing)
    for i in range(3):
        synthetic_photos.photo(photos / f"{i}.jpg", "red", seed=i)
    library.folders.add(photos)
    with pytest.raises(ModelBroken, match=r"weights\.bin"):
        library.indexing.start().result(PATIENCE_S)
    status = library.status()
    assert (status.pending, status.problems) == (3, 0) and "weights.bin" in status.note


def test_a_photo_whose_numbers_cannot_be_used_is_a_problem(
    open_library: Open, photos: Path
) -> None:
    library = open_library(analysis=colour_models.load_broken_embedder)
    synthetic_photos.photo(photos / "a.jpg", "red")
    synthetic_photos.photo(photos / "empty.jpg")
    library.folders.add(photos)
    status = library.indexing.start().result(PATIENCE_S)
    assert (status.searchable, status.problems) == (1, 1)
    assert library.indexing.problems()[0].kind == "model-broken"


def test_a_file_that_was_just_written_is_indexed_in_the_same_run(
    library: Library, photos: Path
) -> None:
    synthetic_photos.photo(photos / "a.jpg", "red", age_s=0)
    library.folders.add(photos)
    assert library.indexing.start().result(PATIENCE_S).searchable == 1


def test_a_file_that_grows_is_indexed_once_and_whole(
    open_library: Open, photos: Path, tmp_path: Path
) -> None:
    log = tmp_path / "looks"
    library = open_library(calls_log=log)
    data = synthetic_photos.photo(tmp_path / "whole.png", "red", size_wh=(300, 200)).read_bytes()
    growing = photos / "growing.png"
    growing.write_bytes(data[:100])
    library.folders.add(photos)

    def write_slowly() -> None:
        with open(growing, "ab") as file:
            for i in range(100, len(data), max(1, len(data) // 10)):
                file.write(data[i : i + max(1, len(data) // 10)])
                file.flush()
                os.fsync(file.fileno())
                time.sleep(0.1)

    writer = threading.Thread(target=write_slowly)
    writer.start()
    status = library.indexing.start().result(PATIENCE_S)
    writer.join()
    assert (status.searchable, status.problems) == (1, 0)
    assert len(log.read_text().splitlines()) == 1
    assert library.photos.page()[0].size_bytes == len(data)


def test_a_full_disk_stops_the_run_and_loses_nothing(library: Library, photos: Path) -> None:
    for i in range(60):
        synthetic_photos.photo(photos / f"{i:02}.jpg", "red", "blue", "green", seed=i)
    library.folders.add(photos)
    library.folders.scan().result(PATIENCE_S)
    limit_pages(library, 3)
    with pytest.raises(DiskFull):
        library.indexing.start().result(PATIENCE_S)
    before = library.status()
    assert before.searchable > 0 and before.outlined < 60
    assert before.problems == 0 and "full" in before.note
    assert len(found(library, "red", limit=100).hits) == before.searchable
    limit_pages(library, 100_000)
    status = library.indexing.start().result(PATIENCE_S)
    assert status.searchable == 60 and status.note == ""
    report = library.maintenance.check().result(PATIENCE_S)
    assert (report.repaired, report.faults) == ((), ())


def limit_pages(library: Library, more: int) -> None:
    """Let the database grow by so many pages, as if the disk were full then."""
    with library._components.store._db.writing() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + more}")


def write_png_header(path: Path, width: int, height: int) -> None:
    """A PNG that claims a size; no pixel is decoded before that is looked at."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )
