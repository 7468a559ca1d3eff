"""The benchmark of the start: one real run of each process."""

from __future__ import annotations

import pytest

from engine.benchmarks.benchmark import BenchRequest
from engine.benchmarks.start import measure


class SilentListener:
    """A progress listener that shows nothing."""

    def report(self, progress):
        pass

    def follow(self, job):
        return job.result()


@pytest.mark.slow
def test_both_processes_show_hits():
    figures = measure(BenchRequest(photos=3), SilentListener(), runs=1).figures
    assert figures["photos"] == 3
    warm = figures["warm"]
    assert 0 < warm["window_shown"] < warm["window_hits"]
    assert warm["command_line_hits"] > 0 and warm["small_command_line_hits"] > 0
