"""Searching a library."""

from __future__ import annotations

from engine.jobs import Job, JobContext
from engine.library.components import LibraryComponents
from engine.records import RerankerInfo, SearchRequest, SearchResult


class LibrarySearch:
    """Starts searches in lane ``search``. Thread-safe."""

    def __init__(self, components: LibraryComponents) -> None:
        self._components = components

    def start(self, request: SearchRequest) -> Job[SearchResult]:
        """Rank photos (lane ``search``). A newer call cancels the older one.

        ``job.partial`` is a ``SearchResult`` as soon as stage one is done; with reranking
        (``request.verify``) it is replaced as verdicts come in. A search by example leaves out the
        example's photo. A result belongs to one profile, which it names, even if another one is
        active when it ends.
        """

        def work(context: JobContext) -> SearchResult:
            with self._components.active_profile.using() as runtime:
                result = runtime.search.search(request, context)
            self._components.index_check.start()
            return result

        job = self._components.lanes.search.submit("search", work, latest_wins=True)
        self._components.latest_search = job
        return job

    def warm_up(self) -> Job[None]:
        """Load what the first search needs (lane ``search``)."""

        def work(context: JobContext) -> None:
            with self._components.active_profile.using() as runtime:
                runtime.search.warm_up(context)
            self._components.index_check.start()

        return self._components.lanes.search.submit("warm up", work)

    def make_complete(self) -> Job[None]:
        """Read the files of the index that are new or have changed (lane ``check``). Searches
        leave them out before that, and say so; without this call it is done after a search."""
        return self._components.index_check.make_complete()

    def reranker(self) -> RerankerInfo:
        """Which language model reranks, or why none does. Reads small files."""
        return self._components.reranker.info()
