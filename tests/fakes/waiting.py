"""Somebody who waits for an evaluation in silence."""

from __future__ import annotations


class Waiting:
    """Waits in silence, remembers what it was told."""

    def __init__(self) -> None:
        self.reports = []

    def follow(self, job):
        return job.result(120)

    def report(self, progress):
        self.reports.append(progress)
