"""The background check of an index that searches use: damage is found, and built again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from engine.index import checked_files, open_shards
from engine.index.checked_files import CheckedFiles, FileState
from engine.index.usearch_index import UsearchIndex
from engine.jobs import JobContext, Lane
from engine.library.index_check import IndexCheck
from engine.search.active_profile import ActiveProfile, ProfileRuntime
from engine.store.sqlite_store import SqliteStore
from tests.fakes.generated_index import exact, queries

PATIENCE_S = 60

pytestmark = pytest.mark.usefixtures("small_shards")


@pytest.fixture
def lanes() -> Iterator[tuple[Lane, Lane]]:
    both = Lane("check"), Lane("index")
    yield both
    for lane in both:
        lane.close(PATIENCE_S)


@pytest.fixture
def index(fill: Callable[[int], None], open_index: Callable[..., UsearchIndex]) -> UsearchIndex:
    """Three shards, the second rotten under an unchanged state; closed."""
    built = open_index()
    for _ in range(3):
        fill(7)
        built.maintain(merge=False)
    path = built.folder / built.opened()[1].entry.file
    digest = built.opened()[1].entry.sha256
    built.close()
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)
    record = CheckedFiles.load(built.folder)
    state = FileState.of(path, digest)
    assert record.save(record.files | {path.name: state}, in_use=False)
    return open_index()


def check_of(
    index: UsearchIndex,
    lanes: tuple[Lane, Lane],
    give_way: Callable[[JobContext], None] = lambda context: None,
) -> IndexCheck:
    profile: Any = SimpleNamespace(key="p")
    search: Any = None  # no search is asked of it
    active = ActiveProfile(lambda _: ProfileRuntime(profile, 1, index, search), profile)
    return IndexCheck(active, *lanes, give_way)


def finish(lanes: tuple[Lane, Lane]) -> None:
    for lane in lanes:
        lane.submit("last", lambda _: None).result(PATIENCE_S)


def test_damage_is_found_and_built_again_and_searches_are_right(
    store: SqliteStore, index: UsearchIndex, lanes: tuple[Lane, Lane]
) -> None:
    index.refresh()
    assert index.unchecked == 3 and index.damaged() == []
    asked = iter([True, True])
    check_of(index, lanes, lambda _: next(asked, None)).start()
    finish(lanes)
    assert next(asked, None) is None, "it gave way"
    assert index.unchecked == 0 and index.damaged() == [] and len(index.opened()) == 3
    for query in queries():
        assert index.search(query, 5).ids.tolist() == exact(store, query, 5)


def test_the_command_line_reads_all_that_searches_could_not_use(
    store: SqliteStore,
    index: UsearchIndex,
    lanes: tuple[Lane, Lane],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (index.folder / checked_files.NAME).unlink()
    monkeypatch.setattr(open_shards, "CHECKED_AT_OPENING", 0)
    index.refresh()
    assert not index.complete and index.opened() == []
    check_of(index, lanes).make_complete().result(PATIENCE_S)
    finish(lanes)
    assert index.complete and len(index.opened()) == 3
    assert index.search(queries()[0], 5).ids.tolist() == exact(store, queries()[0], 5)
