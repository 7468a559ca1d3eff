"""Kills a process that indexes, merges shards, deletes, edits and makes backups, at random moments.

Usage: kill_script.py FOLDER ROUNDS [SEED]

Prints one JSON object: what was tried, and what was lost, which must be nothing.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.flows.faults.library_work import OpenLibrary, Said, in_child

_LONGEST_S = 0.4
_AT_OPENING = 0.1
"""Share of the kills whose time counts from the start of the process."""
_STEPS = ("add_photos", "build_shards", "edit", "delete_photos", "back_up", "export")


def work(said: Said, root: Path, seed: int) -> None:
    """Everything in turn, until this process is killed."""
    library = OpenLibrary(root, said, random.Random(seed))
    said("opened")
    while True:
        step = library.rng.choice(_STEPS)
        said(f"step {step}")
        if step == "add_photos":
            library.add_photos(library.rng.randrange(1, 8))
        elif step == "delete_photos":
            library.delete_photos(max(0, len(library.names()) - 60))
        else:
            getattr(library, step)()


def look(said: Said, root: Path, edits: list[str], photos: list[str]) -> dict[str, Any]:
    """What a process finds that opens the library after a kill."""
    library = OpenLibrary(root)
    library.delete_missing()  # a deletion that was killed is finished by the next one
    ready = set(library.names()) - {file.path.name for file in library.store.files.pending(10**6)}
    found: dict[str, Any] = {
        "lost edits": [word for word in edits if not library.has_edit(word)],
        "lost photos": [name for name in photos if name not in ready],
        "known": sorted(ready),
        "content": len(library.content()["vectors"]) - len(ready),
        **library.check(),
    }
    library.build_shards()
    found["faults"] += library.check()["faults"]
    found["stray"] = library.stray_files()
    found["damaged backups"] = damaged_backups(library)
    library.close()
    return found


def damaged_backups(library: OpenLibrary) -> list[str]:
    """Every backup that has its name is whole."""
    from engine.backups.backup_folder import BackupFolder
    from engine.errors import StoreDamaged
    from engine.store.sqlite_file import database_copy

    damaged = []
    for backup in BackupFolder(library.paths.backups).all():
        try:
            database_copy.check(backup.path)
        except StoreDamaged:
            damaged.append(backup.name)
    return damaged


def main(folder: str, rounds: str, seed: str = "") -> None:
    rng = random.Random(seed or None)
    root = Path(folder) / "library"
    edits: list[str] = []
    there: set[str] = set()
    killed_in: Counter[str] = Counter()
    total: Counter[str] = Counter()
    looked_again = 0
    for _ in range(int(rounds)):
        work_seed = rng.randrange(10**9)
        lines, _ = in_child(
            work,
            root,
            work_seed,
            after_s=rng.uniform(0, _LONGEST_S),
            from_start=rng.random() < _AT_OPENING,
        )
        unfinished, last = "", "opening"
        for line in lines:
            what, _, name = line.partition(" ")
            total[what] += 1
            if what == "step":
                last = name
            elif what == "look":
                unfinished = name
            elif what == "photo":
                there.add(name)
                unfinished = ""
            elif what == "delete":
                there -= set(name.split())
            elif what == "undoing":
                edits.remove(name)
            elif what == "edit":
                edits.append(name)
        killed_in[last] += 1
        _, found = in_child(look, root, edits[-300:], sorted(there))
        for what in ("lost edits", "lost photos", "faults", "stray", "damaged backups"):
            total[what] += len(found[what])
            if found[what]:
                print(what, found[what], file=sys.stderr)
        looked_again += bool(unfinished) and unfinished not in found["known"]
        total["without vectors"] += abs(found["content"])
    result = {
        "rounds": int(rounds),
        "killed_in": dict(killed_in),
        "done": {what: total[what] for what in ("photo", "edit", "delete", "backup", "export")},
        "lost_edits": total["lost edits"],
        "lost_photos": total["lost photos"],
        "photos_without_vectors": total["without vectors"],
        "faults": total["faults"],
        "stray_files": total["stray"],
        "damaged_backups": total["damaged backups"],
        "kills_that_cost_a_look_at_one_photo": looked_again,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
