"""Lets the Nth write to a library fail: of database, shards, thumbnails, export and backup.

Usage: LD_PRELOAD=failing_writes.so write_failure_script.py FOLDER [STEP]

N goes from 1 to the number of writes, in steps. Each N is tried with a disk that is full from then
on, and with one error of the disk. Prints one JSON object: what failed in words, and what went
wrong, which must be nothing.
"""

from __future__ import annotations

import ctypes
import errno
import json
import random
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import EngineError
from tests.flows.faults.library_work import OpenLibrary, Said, in_child

_SEED = 7
_KINDS = {"full": (errno.ENOSPC, 1), "broken": (errno.EIO, 0)}


def fill(said: Said, root: Path) -> dict[str, Any]:
    """The library before anything fails; what it holds."""
    library = OpenLibrary(root, said, random.Random(_SEED))
    library.add_photos(30)
    library.build_shards()
    library.add_photos(7)  # nearly enough for the next shard
    for _ in range(3):
        library.edit()
    library.back_up()
    content = library.content()
    library.close()
    return content


def work(said: Said, root: Path, nth: int, kind: str) -> dict[str, Any]:
    """Do everything while a write fails; which steps said so, and how many writes there were."""
    shim = ctypes.CDLL(None)
    failed = {}
    shim.arm_failure(str(root.parent).encode(), nth, *_KINDS[kind])
    library = None
    try:
        library = OpenLibrary(root, said, random.Random(_SEED + 1))
    except EngineError as error:
        failed["opening"] = [error.kind, error.message]
    if library is not None:
        steps: dict[str, Callable[[], None]] = {
            "edit": library.edit,
            "index": lambda: library.add_photos(2),
            "shards": library.build_shards,
            "backup": library.back_up,
            "export": library.export,
            "delete": lambda: library.delete_photos(2),
        }
        for name, step in steps.items():
            try:
                step()
            except EngineError as error:
                failed[name] = [error.kind, error.message]
        library.close()
    return {"failed": failed, "writes": shim.writes_counted()}


def look(said: Said, root: Path, before: dict[str, Any], earlier: list[str]) -> dict[str, Any]:
    """What is found once the disk works again."""
    library = OpenLibrary(root)
    names = set(library.names())
    after = library.content()
    deleted = {n for line in earlier if line.startswith("delete ") for n in line.split()[1:]}
    wanted = {name for name, _ in before["files"]} - deleted
    words = [line.removeprefix("edit ") for line in earlier if line.startswith("edit ")]
    wrong = [f"file {name} is lost" for name in sorted(wanted - names)]
    wrong += [f"edit {word} is lost" for word in words if not library.has_edit(word)]
    if not deleted:
        wrong += [
            f"{what} are lost"
            for what in ("photos", "vectors", "regions")
            if not set(before[what]) <= set(after[what])
        ]
    library.add_photos(1)
    library.build_shards()
    library.back_up()
    wrong += library.check()["faults"]
    wrong += [f"stray: {name}" for name in library.stray_files()]
    exported = root.parent / "exported"
    wrong += [f"stray: {path}" for path in exported.glob(".*")]
    library.close()
    return {"wrong": wrong}


def main(folder: str, step: str = "1") -> None:
    base = Path(folder).resolve()
    _, before = in_child(fill, base / "original" / "library")
    failures: Counter[str] = Counter()
    wrong: list[str] = []
    silent = tried = 0
    shutil.copytree(base / "original", base / "tried")
    writes = in_child(work, base / "tried" / "library", 10**9, "full")[1]["writes"]
    shutil.rmtree(base / "tried")
    for nth in range(1, writes + 1, int(step)):
        for kind in _KINDS:
            root = base / "tried" / "library"
            shutil.copytree(base / "original", root.parent)
            said, worked = in_child(work, root, nth, kind)
            _, found = in_child(look, root, before, said)
            shutil.rmtree(root.parent)
            tried += 1
            silent += not worked["failed"]
            for name, (error, message) in worked["failed"].items():
                failures[f"{name}: {error}: {message}"] += 1
            wrong += [f"{kind} at write {nth}: {text}" for text in found["wrong"]]
    result = {
        "tried": tried,
        "writes_of_one_run": writes,
        "told": dict(failures),
        "runs_without_a_message": silent,
        "wrong": wrong,
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
