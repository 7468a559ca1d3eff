"""Whether the library equals the disk after a storm of file events on a busy computer."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from engine.benchmarks.benchmark import BenchRequest, BenchResult
from engine.evaluation.annotated_search import ProgressListener
from engine.jobs import Progress
from engine.library import Library
from engine.paths import LibraryPaths
from engine.records import FolderId
from engine.store.sqlite_store import SqliteStore

FILES = 40_000
_TREE_SHARE = 3_000 / FILES
_FILES_PER_FOLDER = 100
_BUSY_THREADS = 3
_WITHIN_S = 60.0
_POLL_S = 0.5

Facts = dict[str, tuple[int, int]]
"""Relative path -> size in bytes and mtime in ns."""


def measure(request: BenchRequest, listener: ProgressListener) -> BenchResult:
    """Create files, copy a tree, move one in, rename one and move one out, all below a watched
    folder; then wait until the library has what the disk has. Nothing is indexed.

    Args:
        request: ``photos`` files are created, 40,000 by default; a tree has 3 for 40 of them.
    """
    files = request.photos or FILES
    with tempfile.TemporaryDirectory(prefix="pickout-storm-") as folder:
        base = Path(folder).resolve()
        root = base / "photos"
        root.mkdir()
        with (
            contextlib.closing(Library.open(base / "library", profile=request.profile)) as library,
            _busy_threads(),
        ):
            library.indexing.pause()
            watched = library.folders.add(root)
            library.folders.start_watching()
            started_s = time.perf_counter()
            _storm(base, root, files, listener)
            stormed_s = time.perf_counter() - started_s
            listener.report(Progress("Waiting for the library"))
            figures = _compare(base / "library", watched.id, root)
    figures |= {"files": files, "storm_s": stormed_s, "busy_threads": _BUSY_THREADS}
    did = (
        f"{files:,} files created, a tree of {_tree(files):,} copied, one moved in, one renamed, "
        f"one moved out in {stormed_s:.0f} s, beside {_BUSY_THREADS} busy threads"
    )
    found = (
        f"on the disk {figures['on_disk']:,}, missing in the library {figures['missed']:,}, "
        f"too many {figures['extra']:,}, {figures['quiet_s']:.1f} s after the last change "
        f"(bar: 0 and 0 within {_WITHIN_S:.0f} s)"
    )
    return BenchResult((did, found), figures)


def _storm(base: Path, root: Path, files: int, listener: ProgressListener) -> None:
    tree = _tree(files)
    for name in ("copied", "moved in"):
        _create(base / name, tree)
    _create(root / "renamed before", tree)
    _create(root / "moved out", tree)
    for first in range(0, files, _FILES_PER_FOLDER):
        listener.report(Progress("Creating files", first, files))
        _create(root / "created" / str(first), min(_FILES_PER_FOLDER, files - first))
    shutil.copytree(base / "copied", root / "copied")
    (base / "moved in").rename(root / "moved in")
    (root / "renamed before").rename(root / "renamed")
    (root / "moved out").rename(base / "moved out")


def _tree(files: int) -> int:
    return max(1, round(files * _TREE_SHARE))


def _create(folder: Path, count: int) -> None:
    for number in range(count):
        if number % _FILES_PER_FOLDER == 0:
            part = folder / str(number // _FILES_PER_FOLDER)
            part.mkdir(parents=True)
        (part / f"{number}.jpg").write_bytes(b"x" * (1 + number % 50))


def _compare(library: Path, folder_id: FolderId, root: Path) -> dict[str, float]:
    """Wait until the library has the files that the disk has, but not longer than the bar."""
    quiet_since_s = time.perf_counter()
    on_disk = _listed(root)
    store = SqliteStore.open(LibraryPaths(library), read_only=True)
    try:
        while True:
            present = store.files.present(folder_id)
            quiet_s = time.perf_counter() - quiet_since_s
            if present == on_disk or quiet_s > _WITHIN_S:
                break
            time.sleep(_POLL_S)
    finally:
        store.close()
    return {
        "on_disk": len(on_disk),
        "missed": sum(present.get(name) != facts for name, facts in on_disk.items()),
        "extra": len(present.keys() - on_disk.keys()),
        "quiet_s": quiet_s,
    }


def _listed(root: Path) -> Facts:
    facts = {}
    for folder, _, names in os.walk(root):
        for name in names:
            stat = os.stat(os.path.join(folder, name))
            rel_path = Path(folder, name).relative_to(root).as_posix()
            facts[rel_path] = (stat.st_size, stat.st_mtime_ns)
    return facts


@contextlib.contextmanager
def _busy_threads() -> Iterator[None]:
    """Threads of this process that compute without holding the interpreter's lock, as decoders and
    models do."""
    ended, block = threading.Event(), bytes(1 << 22)

    def compute() -> None:
        while not ended.is_set():
            hashlib.blake2b(block)

    threads = [threading.Thread(target=compute, name="busy") for _ in range(_BUSY_THREADS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()
