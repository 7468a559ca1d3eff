"""Several indexers on one library: no photo is done twice, none is lost with a killed indexer."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

from engine.errors import EngineError
from engine.indexing.work_list import WorkList
from engine.postgres.address import ServerAddress
from engine.postgres.postgres_store import PostgresStore
from engine.store.rows import IndexLevel
from tests.engine.postgres.conftest import OpenStore
from tests.fakes.analysed_photos import analysed

FULL = IndexLevel.FULL
_PATIENCE_S = 60
_INDEXER = """
import sys
from engine.postgres.address import ServerAddress
from engine.postgres.postgres_store import PostgresStore
from tests.engine.postgres.test_claims import work_list
store = PostgresStore.open(ServerAddress(sys.argv[1]))
print(work_list(store).next([]).file.path.name, flush=True)
sys.stdin.read()
"""


def work_list(store: PostgresStore, *, coarse_pass: bool = False) -> WorkList:
    return WorkList(store, 1, coarse_pass=coarse_pass, direct_full_limit=0, page_size=5)


def add(store: PostgresStore, count: int) -> set[str]:
    names = {f"{i}.jpg" for i in range(count)}
    store.files.record_found(1, [(name, 10, int(name[:-4])) for name in names])
    return names


def index_all(
    store: PostgresStore, done: list[tuple[str, str]], together: threading.Barrier
) -> None:
    together.wait()
    work = work_list(store, coarse_pass=True)
    while (task := work.next([])) is not None:
        photo = analysed(task.file.path.name.encode(), task.file, level=task.level)
        store.results.write(task.file, photo, 1, lambda *_: None)
        done.append((task.file.path.name, task.level.value))


def test_indexers_at_once_do_each_pass_of_each_photo_once(
    store: PostgresStore, open_store: OpenStore
) -> None:
    names = add(store, 40)
    stores = [store, open_store(), open_store()]
    done: list[list[tuple[str, str]]] = [[] for _ in stores]
    together = threading.Barrier(len(stores))
    threads = [
        threading.Thread(target=index_all, args=(one, into, together))
        for one, into in zip(stores, done, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    both = sorted((name, level) for name in names for level in ("coarse", "full"))
    assert sorted(item for part in done for item in part) == both
    assert all(done), "each of them had a part"
    assert store.counts.waiting(1) == (0, 0, 0)
    assert store.faults() == () and store.counts.repair() == ()


def test_what_another_indexer_has_is_not_in_the_work_list(
    store: PostgresStore, open_store: OpenStore
) -> None:
    add(store, 3)
    other = open_store()
    mine = work_list(store).next([])
    assert mine is not None and mine.file.path.name == "2.jpg"
    assert not other.files.claim(mine.file, 1, FULL)
    assert store.files.claim(mine.file, 1, FULL), "an indexer may take its own file again"
    assert [file.path.name for file in other.files.pending(9)] == ["1.jpg", "0.jpg"]
    assert [file.path.name for file in store.files.pending(1)] == ["2.jpg"]
    store.close()
    assert len(other.files.pending(9)) == 3 and other.files.claim(mine.file, 1, FULL)


def test_what_another_indexer_has_done_meanwhile_is_refused(
    store: PostgresStore, open_store: OpenStore
) -> None:
    add(store, 2)
    other = open_store()
    seen, failing = other.files.pending(2)
    index_all(store, [], threading.Barrier(1))
    assert not other.files.claim(seen, 1, FULL)
    store.failures.retry(None)
    store.files.record_found(1, [("0.jpg", 11, 50)])
    fresh = store.files.pending(1)[0]
    store.results.record_failure(fresh, EngineError("no", operation="reading"), "reading")
    assert not other.files.claim(failing, 1, FULL)


def test_a_killed_indexer_loses_its_claims(store: PostgresStore, address: ServerAddress) -> None:
    add(store, 2)
    child = subprocess.Popen(
        [sys.executable, "-c", _INDEXER, address.uri],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "1.jpg"
        assert [file.path.name for file in store.files.pending(9)] == ["0.jpg"]
        child.kill()
    deadline_s = time.monotonic() + _PATIENCE_S
    while len(store.files.pending(9)) < 2:
        assert time.monotonic() < deadline_s, "the claim is still held"
    done: list[tuple[str, str]] = []
    index_all(store, done, threading.Barrier(1))
    assert {name for name, _ in done} == {"0.jpg", "1.jpg"}
