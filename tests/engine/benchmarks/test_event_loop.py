"""The event-loop benchmark: parsing the output of its process, and one real run."""

from __future__ import annotations

import pytest

from engine.benchmarks.benchmark import BenchRequest
from engine.benchmarks.event_loop import last_object, measure


@pytest.mark.parametrize(
    ("printed", "found"),
    [
        ('{"longest_ms": 3}', {"longest_ms": 3}),
        ('40 s\n{"a": 1}\n', {"a": 1}),
        ('{"a": 1}\nbye', None),
        ("[1]", None),
        ("", None),
    ],
)
def test_the_last_line_counts(printed, found):
    assert last_object(printed) == found


class SilentListener:
    """A progress listener that shows nothing."""

    def report(self, progress):
        pass


@pytest.mark.slow
def test_the_loop_is_measured_by_the_window():
    figures = measure(BenchRequest(), SilentListener()).figures
    assert figures["bench"] == "loop" and figures["ticks"] > 100
    assert figures["longest_ms"] >= figures["p99_ms"] >= 0
