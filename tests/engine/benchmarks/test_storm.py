"""A storm of file events, with fewer files than ``bench storm`` has."""

from engine.benchmarks import storm
from engine.benchmarks.benchmark import BenchRequest
from tests.fakes import colour_models
from tests.fakes.recording_listener import RecordingListener


def test_the_library_equals_the_disk_after_the_storm():
    request = BenchRequest(photos=400, profile=colour_models.profile())
    result = storm.measure(request, RecordingListener())
    figures = result.figures
    assert figures["on_disk"] == 400 + 3 * 30
    assert (figures["missed"], figures["extra"]) == (0, 0)
    assert "400 files created, a tree of 30 copied" in result.lines[0]
