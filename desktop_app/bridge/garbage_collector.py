"""Python's cyclic garbage collection, moved to the GUI thread."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS = 1000


class GuiThreadGarbageCollector(QObject):
    """Collects garbage on the GUI thread only, while it runs. GUI thread.

    Python collects on whichever thread allocates next. On a worker thread that destroys QObjects of
    the GUI thread, which Qt forbids, and the two can wait for each other for ever: ``~QObject``
    holds a lock of Qt while it waits for the GIL, and the GUI thread the reverse.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self.collect_due)

    def start(self) -> None:
        """Switch automatic collection off for all threads, and collect by a timer."""
        gc.disable()
        self._timer.start()

    def stop(self) -> None:
        """Switch automatic collection on again."""
        self._timer.stop()
        gc.enable()

    def collect_due(self) -> None:
        """Collect the oldest generation that has reached its threshold, if one has."""
        due = [
            generation
            for generation, (count, threshold) in enumerate(
                zip(gc.get_count(), gc.get_threshold(), strict=True)
            )
            if count > threshold > 0
        ]
        if due:
            gc.collect(max(due))
