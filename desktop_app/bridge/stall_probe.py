"""Measures how long the event loop was blocked."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

from PySide6.QtCore import QObject, Qt, QTimer

TICK_MS = 50


@dataclass(frozen=True)
class StallReport:
    """Statistics of the delays of a periodic timer: each is how late a tick came, milliseconds."""

    seconds: float
    ticks: int
    longest_ms: float
    p99_ms: float
    over_50_ms: int
    over_200_ms: int

    def as_dict(self) -> dict[str, float]:
        """The fields as a dictionary for JSON."""
        return asdict(self)


class StallProbe(QObject):
    """A precise 50 ms timer on the GUI thread that records how late each tick comes."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._gaps_ms: list[float] = []
        self._began = self._last = 0.0

    def start(self) -> None:
        """Begin a measurement."""
        self._gaps_ms.clear()
        self._began = self._last = time.perf_counter()
        self._timer.start(TICK_MS)

    def stop(self) -> StallReport:
        """End the measurement; the time since the last tick counts too."""
        self._tick()
        self._timer.stop()
        late = sorted(max(0.0, gap - TICK_MS) for gap in self._gaps_ms)
        return StallReport(
            seconds=round(self._last - self._began, 3),
            ticks=len(late),
            longest_ms=round(late[-1], 1),
            p99_ms=round(late[min(len(late) - 1, int(len(late) * 0.99))], 1),
            over_50_ms=sum(gap > 50 for gap in late),
            over_200_ms=sum(gap > 200 for gap in late),
        )

    def _tick(self) -> None:
        now = time.perf_counter()
        self._gaps_ms.append((now - self._last) * 1000)
        self._last = now
