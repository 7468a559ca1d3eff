"""The probe sees a loop that was kept busy, and tells by how much."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer

from desktop_app.bridge.stall_probe import StallProbe
from tests.desktop_app.conftest import DEADLINE_MS, delete


def test_a_busy_loop_is_a_stall(qtbot):
    probe = StallProbe()
    probe.start()
    held = []

    def hold() -> None:
        until = time.perf_counter() + 0.3
        while time.perf_counter() < until:
            pass
        held.append(True)

    QTimer.singleShot(60, hold)
    qtbot.waitUntil(lambda: bool(held) and len(probe._gaps_ms) >= 4, timeout=DEADLINE_MS)
    report = probe.stop()
    assert report.longest_ms >= 200
    assert report.over_200_ms >= 1
    assert report.ticks == len(probe._gaps_ms)
    delete(probe)
