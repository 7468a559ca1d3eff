"""A progress listener that records every report."""

from __future__ import annotations

from typing import Any

from engine.jobs import Job, Progress


class RecordingListener:
    """Waits for jobs without output and keeps the progress reports it receives."""

    def __init__(self) -> None:
        self.reports: list[Progress] = []

    def follow(self, job: Job[Any]) -> Any:
        """Wait at most 120 s for the job's result."""
        return job.result(120)

    def report(self, progress: Progress) -> None:
        """Record one report."""
        self.reports.append(progress)
