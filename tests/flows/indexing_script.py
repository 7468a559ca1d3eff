"""Indexes a library and says how far it has come, line by line; made to be killed.

Usage: indexing_script.py LIBRARY CALLS_LOG
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from engine.library import Library
from tests.fakes import colour_models


def main(root: str, calls_log: str) -> None:
    library = Library.open(Path(root), profile=colour_models.profile(calls_log=Path(calls_log)))
    job = library.index()
    said = -1
    while not job.ended:
        done = job.progress.done
        if done != said:
            said = done
            print(done, flush=True)
        time.sleep(0.001)
    job.result()
    library.close()
    print("finished", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
