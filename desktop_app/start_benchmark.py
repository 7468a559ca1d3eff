"""``python -m desktop_app.start_benchmark``: from the start of the process to window and hits.

Opens the window as ``pickout`` does, asks one query as soon as the library is open, and closes the
window when its hits are shown. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop_app.app import Desktop

_LIMIT_MS = 600_000


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit status, 1 if no hits were shown."""
    parser = argparse.ArgumentParser(prog="desktop_app.start_benchmark", description=__doc__)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--query", required=True)
    parser.add_argument(
        "--began", type=float, required=True, help="time.time() when the process was started"
    )
    options = parser.parse_args(argv)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

    from desktop_app.app import run

    seconds: dict[str, float] = {}

    def watch(desktop: Desktop) -> None:
        _watch(desktop, options.query, options.began, seconds)

    run(options.library, sys.argv[:1], shown=watch)
    print(json.dumps(seconds))
    return 0 if "hits" in seconds else 1


def _watch(desktop: Desktop, query: str, began: float, seconds: dict[str, float]) -> None:
    from PySide6.QtCore import QTimer

    def passed(name: str) -> None:
        seconds[name] = time.time() - began

    def ready() -> None:
        passed("library")
        assert desktop.presenter is not None  # there once ``ready`` is emitted
        desktop.presenter.searching.updated.connect(updated)
        desktop.window.search_bar.set_text(query)
        desktop.window.search_bar.submitted.emit(query)

    def updated(*_: object) -> None:
        passed("hits")
        desktop.window.close()

    desktop.ready.connect(ready)
    QTimer.singleShot(0, lambda: passed("window"))  # the event loop has painted it by then
    QTimer.singleShot(_LIMIT_MS, desktop.window.close)


if __name__ == "__main__":
    sys.exit(main())
