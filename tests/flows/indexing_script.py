"""Indexes a library and prints the number of finished passes, one a line; the tests kill it.

Usage: indexing_script.py LIBRARY CALLS_LOG
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from engine.library import Library
from tests.fakes import colour_models


def finished_passes(library: Library) -> int:
    """Finished passes: coarse and full passes of a photo count separately."""
    status = library.status()
    return status.searchable + status.outlined


def main(root: str, calls_log: str) -> None:
    library = Library.open(Path(root), profile=colour_models.profile(calls_log=Path(calls_log)))
    before = finished_passes(library)
    job = library.indexing.start()
    printed = -1
    while not job.ended:
        done = finished_passes(library) - before
        if done != printed:
            printed = done
            print(done, flush=True)
        time.sleep(0.001)
    job.result()
    library.close()
    print("finished", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
