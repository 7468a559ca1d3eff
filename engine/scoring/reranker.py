"""Protocol of the reranker: where a search gets a slow verifier for its first hits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from engine.jobs import JobContext
from engine.records import RerankerInfo
from engine.scoring.verifier import Verifier


class Reranker(Protocol):
    """Supplies slow verifiers, which rerank the first hits of a search. Thread-safe."""

    def info(self) -> RerankerInfo:
        """Which model it is and where it runs, or why there is none; loads nothing."""
        ...

    def verifier(self, context: JobContext, tell: Callable[[str], None]) -> Verifier:
        """For one search. Search lane; its first verdict may have to wait for a model to load.

        Args:
            context: what keeps people waiting is shown as its progress.
            tell: given what people should know while a verdict keeps them waiting, and an empty
                string when that is over.

        Raises:
            RerankerUnavailable: there is none; the verifier raises it too once there is no use
                in asking for another photo.
        """
        ...

    def close(self) -> None:
        """End what it has started; a verdict that is waited for ends as cancelled."""
        ...
