"""``pickout [--library DIR]``: opens the window.

Child processes of the engine import this module again, so importing it must stay cheap.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main(argv: list[str] | None = None) -> int:
    """Parse the arguments and run the window; returns the exit status."""
    import multiprocessing

    multiprocessing.freeze_support()
    parser = argparse.ArgumentParser(
        prog="pickout", description="Finds things in your own photos. Everything stays here."
    )
    parser.add_argument("--library", type=Path, metavar="DIR", help="where the library is kept")
    options = parser.parse_args(argv)

    from desktop_app.app import run
    from engine.paths import default_library_dir

    root = (options.library or default_library_dir()).expanduser().absolute()
    return run(root, sys.argv[:1])


if __name__ == "__main__":
    sys.exit(main())
