"""What comes first, and which photos get a coarse pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.indexing.work_list import Task, WorkList
from engine.paths import LibraryPaths
from engine.store.rows import IndexLevel
from engine.store.sqlite_store import SqliteStore
from tests.fakes.analysed_photos import NDIM, analysed

COARSE, FULL = IndexLevel.COARSE, IndexLevel.FULL
DIRECT_FULL_LIMIT = 2


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(LibraryPaths(tmp_path / "library"))
    opened.profile_id("p", NDIM, "p")
    opened.folders.add(Path("/photos"))
    yield opened
    opened.close()


def work_list(store: SqliteStore, *, coarse_pass: bool = True, page_size: int = 4) -> WorkList:
    return WorkList(
        store, 1, coarse_pass=coarse_pass, direct_full_limit=DIRECT_FULL_LIMIT, page_size=page_size
    )


def add(store: SqliteStore, *numbers: int) -> None:
    """Files as old as their number says: the higher, the newer."""
    store.files.record_found(1, [(f"{n}.jpg", 10, n) for n in numbers])


def write(store: SqliteStore, task: Task) -> None:
    photo = analysed(task.file.path.name.encode(), task.file, level=task.level)
    store.results.write(task.file, photo, 1, lambda *_: None)


def name_and_level(task: Task) -> tuple[str, IndexLevel]:
    return task.file.path.stem, task.level


def run_all(store: SqliteStore, work: WorkList) -> list[tuple[str, IndexLevel]]:
    done = []
    while (task := work.next([])) is not None:
        write(store, task)
        done.append(name_and_level(task))
    return done


def test_many_are_all_searchable_before_the_first_is_outlined(store: SqliteStore) -> None:
    add(store, *range(10))
    newest_first = [str(n) for n in reversed(range(10))]
    expected = [(n, COARSE) for n in newest_first] + [(n, FULL) for n in newest_first]
    assert run_all(store, work_list(store)) == expected
    assert store.counts.waiting(1) == (0, 0, 0)


def test_a_few_are_indexed_in_full_at_once(store: SqliteStore) -> None:
    add(store, 1, 2)
    assert run_all(store, work_list(store)) == [("2", FULL), ("1", FULL)]


def test_a_profile_without_a_coarse_pass_indexes_in_full(store: SqliteStore) -> None:
    add(store, *range(5))
    assert {level for _, level in run_all(store, work_list(store, coarse_pass=False))} == {FULL}


def test_new_photos_do_not_wait_for_the_full_pass(store: SqliteStore) -> None:
    add(store, *range(5))
    work = work_list(store)
    for _ in range(7):
        write(store, work.next([]))
    add(store, *range(10, 15), 7)
    done = run_all(store, work)
    coarse = [(n, COARSE) for n in ("14", "13", "12", "11", "10", "7")]
    assert done[:6] == coarse
    assert done[6:] == [(n, FULL) for n in ("14", "13", "12", "11", "10", "7", "2", "1", "0")]


def test_one_new_photo_goes_before_the_others_in_full(store: SqliteStore) -> None:
    add(store, *range(5))
    work = work_list(store)
    for _ in range(6):
        write(store, work.next([]))
    add(store, 9)
    assert run_all(store, work)[:2] == [("9", FULL), ("3", FULL)]


def test_tasks_in_progress_are_not_returned_again(store: SqliteStore) -> None:
    add(store, *range(3))
    work = work_list(store)
    given = [work.next([]) for _ in range(3)]
    assert work.next(given) is None
    for task in given:
        write(store, task)
    full = [work.next([])]
    full.append(work.next(full))
    assert [name_and_level(task) for task in full] == [("2", FULL), ("1", FULL)]


def test_another_profile_makes_all_photos_new(store: SqliteStore) -> None:
    add(store, *range(6))
    run_all(store, work_list(store))
    other = store.profile_id("other", NDIM, "other")
    work = WorkList(
        store, other, coarse_pass=True, direct_full_limit=DIRECT_FULL_LIMIT, page_size=4
    )
    done = []
    while (task := work.next([])) is not None:
        assert task.file.content_hash == task.file.path.name.encode(), "no need to read it again"
        photo = analysed(task.file.content_hash, task.file, level=task.level)
        store.results.write(task.file, photo, other, lambda *_: None)
        done.append(task.level)
    assert done == [COARSE] * 6 + [FULL] * 6
    assert store.counts.totals(1).outlined == store.counts.totals(other).outlined == 6


def test_an_unstable_file_is_left_for_the_next_run(store: SqliteStore) -> None:
    add(store, 1)
    work = work_list(store)
    for _ in range(3):
        work.note_unstable(work.next([]).file)
    assert work.next([]) is None


def test_no_full_task_starts_while_a_coarse_one_is_in_progress(store: SqliteStore) -> None:
    add(store, 1, 2, 3)
    work = work_list(store)
    first, second, last = (work.next([]) for _ in range(3))
    write(store, first)
    write(store, second)
    assert work.next([last]) is None
    write(store, last)
    assert name_and_level(work.next([])) == ("3", FULL)
