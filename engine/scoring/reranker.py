"""Protocol of the reranker, which supplies a slow verifier for the first hits of a search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from engine.jobs import JobContext
from engine.records import RerankerInfo
from engine.scoring.verifier import Verifier


class Reranker(Protocol):
    """Supplies slow verifiers, which rerank the first hits of a search. Thread-safe."""

    def info(self) -> RerankerInfo:
        """Which model reranks and where it runs, or why none does. Loads nothing."""
        ...

    def verifier(self, context: JobContext, set_note: Callable[[str], None]) -> Verifier:
        """A verifier for one search (search lane). Its first verdict may wait for a model to load.

        Args:
            context: gets the progress of loading.
            set_note: called with a note for the user while a verdict is slow, and with an empty
                string afterwards.

        Raises:
            RerankerUnavailable: there is none. The verifier raises it too, once no further photo
                can be verified.
        """
        ...

    def close(self) -> None:
        """End its processes; a verdict in progress is cancelled."""
        ...
