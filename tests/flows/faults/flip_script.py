"""Flips bits of a library's database in many places, and restores it where that is noticed.

Usage: flip_script.py FOLDER PLACES [SEED]

Prints one JSON object: where it was noticed, what it would have changed, and what a restore brought
back, which must be everything.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from engine.backups import restoring
from engine.errors import EngineError
from engine.paths import LibraryPaths
from tests.flows.faults.library_work import OpenLibrary, Said, in_child


def fill(said: Said, root: Path) -> dict[str, Any]:
    """A library with a backup of it; what it holds."""
    library = OpenLibrary(root, said, random.Random(3))
    library.add_photos(120)
    for _ in range(40):
        library.edit()
    library.build_shards()
    library.back_up()
    content = library.content()
    library.close()
    return content


def look(said: Said, root: Path, before: dict[str, Any]) -> str:
    """Open, check and read everything: where the damage was noticed, or what it has changed."""
    try:
        library = OpenLibrary(root)
    except EngineError as error:
        return f"noticed at opening ({error.kind})"
    try:
        report = library.check()
        if any(text.startswith("database") for text in report["faults"]):
            return "noticed by check"
        after = json.loads(json.dumps(library.content()))
    except EngineError as error:
        return f"noticed when it was read ({error.kind})"
    finally:
        library.close()
    changed = [what for what in before if before[what] != after[what]]
    if report["repaired"]:
        return "mended by check"
    return f"not noticed: {', '.join(changed)} changed" if changed else "of no effect"


def restore(said: Said, root: Path) -> dict[str, Any]:
    """What the library holds after a restore; it is sound."""
    restoring.restore(LibraryPaths(root))
    library = OpenLibrary(root)
    faults = library.check()["faults"]
    content = library.content()
    library.close()
    return {"faults": faults, **content}


def main(folder: str, places: str, seed: str = "") -> None:
    rng = random.Random(seed or None)
    base = Path(folder).resolve()
    _, before = in_child(fill, base / "original" / "library")
    size = (base / "original" / "library" / "library.sqlite").stat().st_size
    outcomes: Counter[str] = Counter()
    wrong = []
    for _ in range(int(places)):
        root = base / "tried" / "library"
        shutil.copytree(base / "original", root.parent)
        at, bit = rng.randrange(size), rng.randrange(8)
        content = bytearray((root / "library.sqlite").read_bytes())
        content[at] ^= 1 << bit
        (root / "library.sqlite").write_bytes(content)
        _, outcome = in_child(look, root, before)
        outcomes[outcome] += 1
        if outcome.startswith("noticed"):
            _, after = in_child(restore, root)
            if after != {"faults": [], **before}:
                wrong.append(f"bit {bit} of byte {at}: not all was restored")
        shutil.rmtree(root.parent)
    result = {"places": int(places), "bytes": size, **dict(outcomes), "wrong": wrong}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
