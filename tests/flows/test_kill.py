"""Killed at random moments, the library is whole, and the next run goes on where it was."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.indexing.analysis_workers import suitable_workers
from engine.library import Library
from tests.fakes import synthetic_photos

from .conftest import PATIENCE_S, found

PHOTOS = 60
_SCRIPT = Path(__file__).with_name("indexing_script.py")
_REPOSITORY = _SCRIPT.parents[2]


def start(root: Path, log: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(_SCRIPT), str(root), str(log)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(_REPOSITORY)},
    )


def kill_after(process: subprocess.Popen[str], photos: int) -> bool:
    """SIGKILL once it has looked so many times; False if it was faster."""
    with process:
        for line in process.stdout:
            if line.strip() == "finished":
                return False
            if int(line) >= photos:
                break
        process.kill()
    return True


def regions_by_photo(root: Path) -> list[tuple[int, str]]:
    """Of each indexing of a photo: its regions, and how closely it was looked at."""
    connection = sqlite3.connect(root / "library.sqlite")
    try:
        query = """SELECT coalesce(b.regions, 0), i.level FROM indexings i
                   LEFT JOIN region_blocks b
                   ON b.photo_id = i.photo_id AND b.profile_id = i.profile_id"""
        return connection.execute(query).fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize("rounds", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_no_kill_loses_or_repeats_anything(
    open_library: Callable[..., Library], photos: Path, tmp_path: Path, rounds: int
) -> None:
    rng = random.Random()
    root, log = tmp_path / "library", tmp_path / "looks"
    for i in range(PHOTOS):
        synthetic_photos.photo(photos / f"{i:02}.jpg", "red", "green", age_s=1000 + i, seed=i)
    first = open_library()
    first.folders.add(photos)
    first.close()
    killed, levels = 0, set()
    for _ in range(rounds):
        killed += kill_after(start(root, log), rng.randrange(0, 3 + 2 * PHOTOS // rounds))
        left = regions_by_photo(root)
        assert set(left) <= {(1, "coarse"), (3, "full")}, "half a photo was left"
        levels.update(level for _, level in left)
    assert killed and "coarse" in levels
    library = open_library(calls_log=log)
    status = library.indexing.start().result(PATIENCE_S)
    assert (status.photos, status.outlined, status.problems) == (PHOTOS, PHOTOS, 0)
    assert regions_by_photo(root) == [(3, "full")] * PHOTOS
    report = library.maintenance.check().result(PATIENCE_S)
    assert (report.photos, report.regions, report.vectors) == (PHOTOS, 2 * PHOTOS, 3 * PHOTOS)
    assert report.repaired == () and report.faults == ()
    assert len(found(library, "red", limit=100).hits) == PHOTOS
    assert all(library.photos.thumbnail(photo.id) for photo in library.photos.page())
    # What was in work when it died is looked at again, everything else only once.
    in_work = 2 * (library.settings.workers or suitable_workers())
    assert PHOTOS <= len(log.read_text().splitlines()) <= PHOTOS + killed * in_work


def test_a_library_can_be_read_while_another_process_indexes_it(
    open_library: Callable[..., Library], photos: Path, tmp_path: Path
) -> None:
    root, log = tmp_path / "library", tmp_path / "looks"
    for i in range(PHOTOS):
        synthetic_photos.photo(photos / f"{i:02}.jpg", "red", age_s=1000 + i, seed=i)
    first = open_library()
    first.folders.add(photos)
    first.close()
    seen = []
    with start(root, log) as process:
        for line in process.stdout:
            if line.strip() == "finished":
                break
            if int(line) and len(seen) < 3:
                reader = open_library(read_only=True)
                hits = found(reader, "red", limit=100).hits
                seen.append(len(hits))
                assert reader.photos.thumbnail(hits[0].photo.id)
                reader.close()
    assert process.returncode == 0 and seen and seen == sorted(seen) and seen[0] > 0
    assert open_library(read_only=True).status().searchable == PHOTOS
