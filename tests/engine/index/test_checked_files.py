"""Shards are read when they are new or changed and in the background, and else only mapped."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.errors import Cancelled
from engine.index import checked_files, open_shards
from engine.index import shard as shards
from engine.index.checked_files import CheckedFiles, FileState
from engine.index.manifest import ShardEntry
from engine.index.usearch_index import UsearchIndex
from engine.index.vector_index import IndexReport
from engine.store.sqlite_store import SqliteStore
from tests.fakes.generated_index import exact, queries, recall

Fill = Callable[[int], None]
Open = Callable[..., UsearchIndex]

pytestmark = pytest.mark.usefixtures("small_shards")


@pytest.fixture
def read_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were read whole, by the real check."""
    found: list[str] = []
    real = shards.check

    def check(folder: Path, entry: ShardEntry, *args: Callable[[], None]) -> FileState | None:
        found.append(entry.file)
        return real(folder, entry, *args)

    monkeypatch.setattr(shards, "check", check)
    return found


@pytest.fixture
def built(fill: Fill, open_index: Open, read_files: list[str]) -> list[ShardEntry]:
    """Three shards of 70 vectors, written and closed."""
    index = open_index()
    for _ in range(3):
        fill(7)
        index.maintain(merge=False)
    entries = [shard.entry for shard in index.opened()]
    index.close()
    assert len(entries) == 3
    read_files.clear()
    return entries


def rot(folder: Path, file: str) -> None:
    """Damage a file as a failing disk does: nothing but its content changes."""
    path = folder / file
    data = bytearray(path.read_bytes())
    for place in range(len(data) // 2, len(data)):
        data[place] ^= 0x55
    path.write_bytes(data)
    record = CheckedFiles.load(folder)
    state = FileState.of(path, record.files[file].sha256)
    assert record.save(record.files | {file: state}, in_use=record.in_use)


def in_use(index: UsearchIndex) -> bool:
    return bool(json.loads((index.folder / checked_files.NAME).read_text())["in_use"])


def test_unchanged_shards_are_not_read_before_a_search(
    store: SqliteStore, open_index: Open, built: list[ShardEntry], read_files: list[str]
) -> None:
    index = open_index()
    assert recall(index, store) >= 0.95
    assert [read_files, len(index.opened()), index.unchecked] == [[], 3, 3]
    assert index.complete and in_use(index)
    while index.unchecked:
        assert index.check_next()
    assert sorted(read_files) == sorted(entry.file for entry in built)
    assert not in_use(index)
    assert index.check_next(), "nothing is left"


def test_a_changed_shard_is_read_before_it_is_used(
    open_index: Open, built: list[ShardEntry], read_files: list[str]
) -> None:
    index = open_index()
    path = index.folder / built[1].file
    os.utime(path, ns=(1, 1))
    index.refresh()
    assert [read_files, len(index.opened())] == [[built[1].file], 3]


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"format": 9}', '{"format": 1}'])
def test_without_a_record_all_are_read(
    open_index: Open, built: list[ShardEntry], read_files: list[str], text: str | None
) -> None:
    index = open_index()
    record = index.folder / checked_files.NAME
    if text is None:
        record.unlink()
    else:
        record.write_text(text)
    index.refresh()
    assert [sorted(read_files), index.unchecked] == [sorted(e.file for e in built), 0]


def test_after_a_crash_all_are_read(
    open_index: Open, built: list[ShardEntry], read_files: list[str]
) -> None:
    crashed = open_index()
    crashed.refresh()
    assert read_files == []
    index = open_index()  # the other was never closed
    index.refresh()
    assert sorted(read_files) == sorted(entry.file for entry in built)
    index.close()
    read_files.clear()
    open_index().refresh()
    assert read_files == []


def test_a_reader_does_not_take_the_writer_at_work_for_a_crash(
    open_index: Open, built: list[ShardEntry], read_files: list[str]
) -> None:
    writer, reader = open_index(), open_index(read_only=True)
    writer.refresh()
    reader.refresh()
    assert [read_files, len(reader.opened())] == [[], len(built)]
    before = (reader.folder / checked_files.NAME).read_text()
    while reader.unchecked:
        assert reader.check_next()
    reader.close()
    assert (reader.folder / checked_files.NAME).read_text() == before, "a reader writes nothing"


def test_the_background_check_takes_a_damaged_shard_out(
    store: SqliteStore, open_index: Open, built: list[ShardEntry]
) -> None:
    index = open_index()
    rot(index.folder, built[1].file)
    index.refresh()
    assert len(index.opened()) == 3, "as far as its state tells, the file is as it was"
    found = []
    while index.unchecked:
        found.append(index.check_next())
    assert sorted(found) == [False, True, True]
    assert [entry.file for entry in index.damaged()] == [built[1].file]
    assert len(index.opened()) == 2 and len(index.buffered_ids()) == 70
    for query in queries():
        assert index.search(query, 5).ids.tolist() == exact(store, query, 5)
    index.maintain(merge=False)
    assert not index.damaged() and len(index.opened()) == 3
    assert index.check() == IndexReport(210, (), ())


def test_a_shard_whose_head_is_damaged_is_never_mapped(
    store: SqliteStore, open_index: Open, built: list[ShardEntry]
) -> None:
    index = open_index()
    path = index.folder / built[0].file
    path.write_bytes(path.read_bytes()[:1000])
    record = CheckedFiles.load(index.folder)
    state = FileState.of(path, built[0].sha256)
    assert record.save(record.files | {built[0].file: state}, in_use=False)
    index.refresh()
    assert [entry.file for entry in index.damaged()] == [built[0].file]
    assert index.search(queries()[0], 5).ids.tolist() == exact(store, queries()[0], 5)


def test_what_is_too_much_to_be_read_at_once_is_left_out_until_it_was(
    store: SqliteStore,
    open_index: Open,
    built: list[ShardEntry],
    read_files: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    index = open_index()
    (index.folder / checked_files.NAME).unlink()
    rot_path = index.folder / built[2].file
    rot_path.write_bytes(b"x" * rot_path.stat().st_size)
    one = (index.folder / built[0].file).stat().st_size
    monkeypatch.setattr(open_shards, "CHECKED_AT_OPENING", one)
    assert set(index.search(queries()[0], 300).ids.tolist()) <= set(range(1, built[0].up_to + 1))
    assert not index.complete and index.damaged() == [] and read_files == [built[0].file]
    index.maintain(merge=False)
    assert read_files == [built[0].file], "nothing is rebuilt before it is known to be damaged"
    assert index.check_next() and not index.check_next()
    assert index.complete and [entry.file for entry in index.damaged()] == [built[2].file]
    assert recall(index, store) >= 0.95


def test_a_check_that_ends_early_leaves_the_shard_to_the_next(
    open_index: Open, built: list[ShardEntry]
) -> None:
    index = open_index()
    index.refresh()

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        index.check_next(stop)
    assert index.unchecked == len(built) == len(index.opened())


def test_the_consistency_check_reads_every_shard(
    open_index: Open, built: list[ShardEntry], read_files: list[str]
) -> None:
    index = open_index()
    rot(index.folder, built[0].file)
    report = index.check()
    assert len(report.repaired) == 1 and "damaged" in report.repaired[0]
    assert {entry.file for entry in built} <= set(read_files)
    keys = np.concatenate([shard.keys() for shard in index.opened()])
    assert np.array_equal(np.sort(keys), np.arange(1, 211))
