"""Indexes a library and says how many looks it has written, line by line; made to be killed.

Usage: indexing_script.py LIBRARY CALLS_LOG
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from engine.library import Library
from tests.fakes import colour_models


def looks(library: Library) -> int:
    """Photos that were looked at, counting coarse and full ones apart."""
    status = library.status()
    return status.searchable + status.outlined


def main(root: str, calls_log: str) -> None:
    library = Library.open(Path(root), profile=colour_models.profile(calls_log=Path(calls_log)))
    before = looks(library)
    job = library.indexing.start()
    said = -1
    while not job.ended:
        done = looks(library) - before
        if done != said:
            said = done
            print(done, flush=True)
        time.sleep(0.001)
    job.result()
    library.close()
    print("finished", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
