"""Continues a change of the profile and prints the number of finished passes, one a line; the tests
kill it.

Usage: changing_script.py LIBRARY CALLS_LOG
"""

from __future__ import annotations

import functools
import sys
import time
from pathlib import Path

from engine.library import Library
from engine.profiles import registry
from tests.fakes import colour_models


def main(root: str, calls_log: str) -> None:
    registry.PROFILES["colours"] = colour_models.profile
    registry.PROFILES["wide"] = functools.partial(
        colour_models.wide_profile, calls_log=Path(calls_log)
    )
    library = Library.open(Path(root))
    job = library.models.change("wide")
    printed = -1
    while not job.ended:
        change = library.status().change
        done = change.searchable + change.outlined if change is not None else printed
        if done != printed:
            printed = done
            print(done, flush=True)
        time.sleep(0.001)
    job.result()
    library.close()
    print("finished", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
