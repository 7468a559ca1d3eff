"""The benchmark of filtered searches, on few photos."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from engine.benchmarks import filters
from engine.benchmarks.benchmark import BenchRequest
from engine.search import candidates
from tests.fakes.recording_listener import RecordingListener


def test_filtered_searches_answer_as_brute_force_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "ALL_PHOTOS", 25)
    monkeypatch.setattr(candidates, "_FIRST_REGIONS", 150)
    monkeypatch.setattr(candidates, "_MOST_REGIONS", 150)
    monkeypatch.setattr(filters, "QUERIES", 20)
    monkeypatch.setattr(filters, "HITS", 5)
    profile = SimpleNamespace(name="p", key="p", ndim=16, metric="ip")
    result = filters.measure(BenchRequest(photos=200, profile=profile), RecordingListener())
    shares = result.figures["shares"]
    assert [row["photos"] for row in shares] == [1, 2, 10, 30, 100]
    assert all(row["equal"] >= 0.99 for row in shares)
    assert len(result.lines) == 1 + len(shares)
