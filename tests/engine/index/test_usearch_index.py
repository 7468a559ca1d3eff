"""Shards and buffer answer as brute force does, whatever happens to the files."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import Cancelled, DiskFull
from engine.index import manifest, shard, usearch_index
from engine.index.open_shards import OpenShards
from engine.index.usearch_index import UsearchIndex
from engine.index.vector_index import IndexReport
from engine.jobs import CancelToken
from engine.store.sqlite_store import SqliteStore
from tests.fakes.generated_index import delete_photos, exact, queries, recall

Fill = Callable[[int], None]
Open = Callable[..., UsearchIndex]


def shard_files(index: UsearchIndex) -> list[str]:
    return sorted(path.name for path in index.folder.glob("*.usearch"))


@pytest.mark.parametrize("metric", ["ip", "cos"])
def test_the_buffer_is_searched_exactly(
    store: SqliteStore, fill: Fill, open_index: Open, metric: str
) -> None:
    fill(8)
    index = open_index(metric=metric)
    for query in queries():
        assert index.search(query, 7).ids.tolist() == exact(store, query, 7, metric)


@pytest.mark.usefixtures("small_shards")
@pytest.mark.parametrize("metric", ["ip", "cos"])
def test_shards_and_buffer_together_find_the_same(
    store: SqliteStore, fill: Fill, open_index: Open, metric: str
) -> None:
    index = open_index(metric=metric)
    for _ in range(4):
        fill(7)
        index.maintain(merge=False)
    fill(2)
    assert len(index.opened()) == 4 and len(index.buffered_ids()) == 0
    assert recall(index, store, metric) >= 0.95
    assert len(index.buffered_ids()) == 20
    scores = index.search(queries()[0], 300).scores
    assert len(scores) == 300 and (np.diff(scores) <= 1e-6).all()


def test_neighbours_that_all_lie_in_one_of_many_shards_are_found(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    empty = manifest.Manifest(profile_key="p", ndim=16, metric="ip")
    opened = OpenShards(tmp_path, read_only=True)
    entries, first = [], 1
    for number in range(8):
        vectors = rng.standard_normal((200, 16)).astype(np.float32)
        vectors[:, 0] = 5 if number == 3 else -5
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        ids = np.arange(first, first + 200)
        span = (first - 1, first + 199)
        entries.append(shard.build(tmp_path, empty, span, ids, vectors.astype(np.float16)))
        first += 200
    opened.open(replace(empty, shards=tuple(entries)))
    query = np.eye(16, dtype=np.float32)[0]
    found = shard.nearest(list(opened.mapped.values()), query, 100)
    ids, scores = (np.concatenate([part[i] for part in found]) for i in (0, 1))
    best = ids[np.argsort(-scores)[:100]]
    opened.close()
    assert ((best > 600) & (best <= 800)).all()


@pytest.mark.usefixtures("small_shards")
def test_every_vector_of_a_shard_finds_itself(
    store: SqliteStore, fill: Fill, open_index: Open
) -> None:
    fill(40)
    index = open_index(metric="cos")
    index.maintain()
    assert len(index.buffered_ids()) == 0
    for ids, vectors in store.regions.vectors_after(1, 0):
        for region_id, vector in zip(ids.tolist(), vectors, strict=True):
            assert region_id in index.search(vector.astype(np.float32), 10).ids


@pytest.mark.usefixtures("small_shards")
def test_small_neighbours_are_merged_into_one(
    store: SqliteStore, fill: Fill, open_index: Open
) -> None:
    index = open_index()
    for _ in range(3):
        fill(7)
        index.maintain(merge=False)
    assert len(shard_files(index)) == 3
    index.maintain()
    assert len(shard_files(index)) == 1
    entry = index.opened()[0].entry
    assert (entry.after, entry.up_to, entry.count) == (0, 210, 210)
    assert recall(index, store) >= 0.95
    assert index.check() == IndexReport(210, (), ())


@pytest.mark.usefixtures("small_shards")
def test_an_index_opened_again_reads_its_shards_and_not_the_store(
    fill: Fill, open_index: Open
) -> None:
    fill(20)
    open_index().maintain()
    again = open_index()
    again.refresh()
    assert [len(again.opened()), len(again.buffered_ids())] == [1, 0]


@pytest.mark.usefixtures("small_shards")
def test_no_damage_to_a_shard_reaches_usearch(
    store: SqliteStore, fill: Fill, open_index: Open
) -> None:
    """Cut off, flipped, emptied, swapped, gone: found by the hash, searched exactly, and
    rebuilt."""
    rng = random.Random(5)
    fill(20)
    open_index().maintain()

    def flip(path: Path) -> None:
        data = bytearray(path.read_bytes())
        for _ in range(5):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)

    damages = [flip] * 10
    damages += [lambda path, n=n: path.write_bytes(path.read_bytes()[: n * 997]) for n in range(6)]
    damages += [lambda path: path.unlink(), lambda path: path.write_bytes(b"x" * 100_000)]
    for damage in damages:
        index = open_index()
        index.refresh()
        damage(index.folder / index.opened()[0].entry.file)
        index = open_index()
        assert index.search(queries()[0], 5).ids.tolist() == exact(store, queries()[0], 5)
        every_other = store.regions.ids(1)[::2]
        allowed = [i for i in exact(store, queries()[0], 200) if i in every_other][:5]
        assert index.search(queries()[0], 5, every_other).ids.tolist() == allowed
        assert index.complete and len(index.damaged()) == 1
        index.maintain()
        assert not index.damaged() and len(index.buffered_ids()) == 0
        assert index.check() == IndexReport(200, (), ())


@pytest.mark.usefixtures("small_shards")
@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}', '{"format": 1, "shards": 3}'])
def test_an_index_with_an_unreadable_manifest_is_built_anew(
    store: SqliteStore, fill: Fill, open_index: Open, text: str
) -> None:
    fill(20)
    index = open_index()
    index.maintain()
    (index.folder / manifest.NAME).write_text(text)
    again = open_index()
    assert again.search(queries()[0], 5).ids.tolist() == exact(store, queries()[0], 5)
    assert shard_files(again) == [], "files that no manifest names are removed"
    again.maintain()
    assert again.check().faults == ()


@pytest.mark.usefixtures("small_shards")
def test_vectors_of_another_profile_are_never_used(fill: Fill, open_index: Open) -> None:
    fill(20)
    open_index().maintain()
    other = open_index(key="q")
    other.refresh()
    assert other.opened() == []


@pytest.mark.usefixtures("small_shards")
def test_cancelling_a_seal_leaves_the_index_as_it_was(
    store: SqliteStore, fill: Fill, open_index: Open
) -> None:
    fill(20)
    index = open_index()
    index.refresh()
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        index.maintain(cancel)
    assert shard_files(index) == [] and len(index.buffered_ids()) == 200
    assert recall(index, store) == 1.0


@pytest.mark.usefixtures("small_shards")
def test_a_full_disk_leaves_the_index_as_it_was(
    store: SqliteStore, fill: Fill, open_index: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(20)
    index = open_index()
    index.refresh()

    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(manifest.os, "fsync", no_room)
        with pytest.raises(DiskFull):
            index.maintain()
    assert list(index.folder.iterdir()) == []
    assert recall(index, store) == 1.0
    index.maintain()
    assert len(shard_files(index)) == 1


@pytest.mark.usefixtures("small_shards")
def test_a_reader_follows_the_writer_and_writes_nothing(
    store: SqliteStore, fill: Fill, open_index: Open
) -> None:
    writer, reader = open_index(), open_index(read_only=True)
    fill(20)
    assert recall(reader, store) == 1.0
    reader.maintain()
    assert not writer.folder.exists()
    writer.maintain()
    fill(1)
    assert recall(reader, store) >= 0.95
    assert [len(reader.opened()), len(reader.buffered_ids())] == [1, 10]


@pytest.mark.usefixtures("small_shards")
def test_a_shard_is_rebuilt_once_many_of_its_regions_are_deleted(
    store: SqliteStore, fill: Fill, open_index: Open
) -> None:
    fill(20)
    index = open_index()
    index.maintain()
    delete_photos(store, 2)
    assert index.check() == IndexReport(180, (), ())
    assert index.opened()[0].entry.count == 200, "a few deleted vectors do no harm"
    delete_photos(store, 5)
    report = index.check()
    assert report.vectors == 130 and "deleted regions" in report.repaired[0]
    assert index.opened()[0].entry.count == 130
    delete_photos(store, 13)
    assert index.check().vectors == 0
    assert shard_files(index) == []
    fill(1)
    assert index.check() == IndexReport(10, (), ())


@pytest.mark.usefixtures("small_shards")
def test_removed_regions_leave_the_buffer_at_once_and_a_shard_when_many(
    store: SqliteStore, fill: Fill, open_index: Open
) -> None:
    fill(20)
    index = open_index()
    index.maintain()
    fill(2)
    index.refresh()

    def remove(photos: int, *, newest: bool = False) -> None:
        before = store.regions.ids(1)
        delete_photos(store, photos, newest=newest)
        index.remove(np.setdiff1d(before, store.regions.ids(1)).tolist())
        index.maintain()

    remove(2, newest=True)
    remove(2)
    assert len(index.buffered_ids()) == 0
    assert index.opened()[0].entry.count == 200, "a few deleted vectors do no harm"
    remove(5)
    assert index.opened()[0].entry.count == 130
    assert recall(index, store) == 1.0
    assert index.check() == IndexReport(130, (), ())


@pytest.mark.usefixtures("small_shards")
def test_a_shard_that_lacks_regions_is_rebuilt(
    store: SqliteStore, fill: Fill, open_index: Open
) -> None:
    """As after putting an older index beside a newer store."""
    fill(20)
    index = open_index()
    index.maintain()
    wrong = manifest.load(index.folder)
    stretched = manifest.Manifest(
        wrong.profile_key,
        wrong.ndim,
        wrong.metric,
        shards=(manifest.ShardEntry(**{**as_dict(wrong.shards[0]), "up_to": 260}),),
    )
    manifest.save(index.folder, stretched)
    fill(6)
    again = open_index()
    report = again.check()
    assert "lacked 60 regions" in report.repaired[0]
    assert report.vectors == 260 and report.faults == ()


@pytest.mark.usefixtures("small_shards")
def test_too_many_vectors_without_a_shard_are_searched_in_part(
    store: SqliteStore, fill: Fill, open_index: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(20)
    monkeypatch.setattr(usearch_index, "BUFFER_LIMIT", 90)
    read = store.regions.vectors_after
    monkeypatch.setattr(store.regions, "vectors_after", lambda *args: read(*args, chunk=30))
    index = open_index()
    assert len(index.search(queries()[0], 1000).ids) == 90
    assert not index.complete
    index.maintain()
    assert index.complete
    assert index.check() == IndexReport(200, (), ())


def as_dict(entry: manifest.ShardEntry) -> dict:
    return {name: getattr(entry, name) for name in manifest.ShardEntry.__slots__}
