"""``python -m desktop_app.stall_benchmark``: how long the event loop stalls while everything runs.

Opens the window on a library, lets it index, and meanwhile searches, scrolls and leafs through
photos as a quick person would. Prints one JSON object as its last line.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from desktop_app.app import Desktop
    from desktop_app.views.dialogs import Dialogs, RestoreChoice
    from engine.errors import EngineError
    from engine.records import Backup

QUERIES = ("dog", "a red flower", "boat", "cat", "submarine", "a person on a horse", "chair")
STEP_MS = 350
"""Time between two actions of the scripted user."""


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit status."""
    parser = argparse.ArgumentParser(prog="desktop_app.stall_benchmark", description=__doc__)
    parser.add_argument("--library", type=Path, help="default: a new one on the sample photos")
    parser.add_argument("--seconds", type=float, default=40.0, help="how long to measure")
    parser.add_argument("--json", action="store_true", help="print nothing but the JSON object")
    options = parser.parse_args(argv)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="pickout-stall-", ignore_cleanup_errors=True) as folder:
        figures = measure(options.library or Path(folder), options.seconds, options.library is None)
    if not options.json:
        print(f"{figures['seconds']:.0f} s, {figures['photos_searchable']} photos searchable")
    print(json.dumps(figures))
    return 0


def measure(root: Path, seconds: float, add_samples: bool) -> dict[str, Any]:
    """Run once and return the figures that are printed as JSON.

    Args:
        root: folder of the library.
        add_samples: add the folder of sample photos first.
    """
    from PySide6.QtCore import QEventLoop, QTimer
    from PySide6.QtWidgets import QApplication

    from desktop_app.app import Desktop
    from desktop_app.bridge.stall_probe import StallProbe
    from engine.paths import resources_dir

    began = time.perf_counter()
    app = QApplication(sys.argv[:1])
    desktop = Desktop(app, root)
    dialogs = _RecordingDialogs()
    desktop.window.dialogs = cast("Dialogs", dialogs)  # it has all methods that are called here
    desktop.errors.install()
    desktop.show()
    app.processEvents()
    window_ms = (time.perf_counter() - began) * 1000
    opened: dict[str, float] = {}
    user = _ScriptedUser(desktop)
    steps = QTimer()
    steps.timeout.connect(user.step)

    def ready() -> None:
        opened["ms"] = (time.perf_counter() - began) * 1000
        if add_samples:
            assert desktop.presenter is not None  # there once ``ready`` is emitted
            desktop.presenter.folders.add_samples(resources_dir() / "samples")
        steps.start(STEP_MS)

    desktop.ready.connect(ready)
    probe = StallProbe()
    probe.start()
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()
    report = probe.stop()
    steps.stop()
    status = desktop.session.events.status if desktop.session is not None else None
    searchable = status.searchable if status is not None else 0
    closing = time.perf_counter()
    desktop.window.close()
    closed_ms = (time.perf_counter() - closing) * 1000
    desktop.errors.uninstall()
    return {
        **report.as_dict(),
        "window_ms": round(window_ms, 1),
        "library_ms": round(opened.get("ms", float("nan")), 1),
        "close_ms": round(closed_ms, 1),
        "photos_searchable": searchable,
        "searches": user.searches,
        "photos_opened": user.photos_opened,
        "problems_told": dialogs.messages,
    }


class _RecordingDialogs:
    """Opens no dialog, because nobody would close it, and records its message."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def show_problem(self, error: EngineError) -> None:
        self.messages.append(str(error))

    def show_internal_error(self) -> None:
        self.messages.append("a mistake, see the log")

    def cannot_open(self, error: EngineError) -> bool:
        self.messages.append(str(error))
        return False

    def offer_restore(self, error: EngineError, backup: Backup | None) -> RestoreChoice:
        from desktop_app.views.dialogs import RestoreChoice

        self.messages.append(str(error))
        return RestoreChoice.QUIT


class _ScriptedUser:
    """Repeats a fixed sequence of actions, one per step."""

    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop
        self._turn = 0
        self.searches = self.photos_opened = 0

    def step(self) -> None:
        """Do the next action."""
        presenter, window = self._desktop.presenter, self._desktop.window
        assert presenter is not None  # steps begin when the library is open
        turn, self._turn = self._turn % 8, self._turn + 1
        bar = presenter.results.grid.verticalScrollBar()
        if turn == 0:
            words = QUERIES[self.searches % len(QUERIES)]
            window.search_bar.set_text(words)
            window.search_bar.submitted.emit(words)
            self.searches += 1
        elif turn in (2, 6):
            bar.setValue(bar.maximum() if turn == 2 else 0)
        elif turn == 3 and presenter.model.rowCount():
            presenter.photo.open_row(0)
            self.photos_opened += 1
        elif turn == 4 and presenter.photo.is_open:
            presenter.photo.view.step(1)
            presenter.photo.view.canvas.zoom_in()
        elif turn == 5 and presenter.photo.is_open:
            presenter.photo.close_photo()
        elif turn == 7:
            window.search_bar.set_text("")
            presenter.searching.clear()


if __name__ == "__main__":
    sys.exit(main())
