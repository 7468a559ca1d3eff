"""Libraries with the fake colour models, closed after each test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.library import Library
from engine.records import SearchRequest, SearchResult
from tests.fakes import colour_models

PATIENCE_S = 60.0


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


@pytest.fixture
def open_library(tmp_path: Path) -> Iterator[Callable[..., Library]]:
    """Opens a library in ``tmp_path / "library"``; what is still open at the end is closed."""
    opened: list[Library] = []

    def run(
        *, read_only: bool = False, root: Path | None = None, reranker=None, ray=None, **options
    ) -> Library:
        library = Library.open(
            root or tmp_path / "library",
            profile=colour_models.profile(**options),
            read_only=read_only,
            reranker=reranker,
            ray=ray,
        )
        opened.append(library)
        return library

    yield run
    for library in opened:
        library.close()


@pytest.fixture
def library(open_library: Callable[..., Library]) -> Library:
    return open_library()


def found(library: Library, text: str, **options) -> SearchResult:
    return library.search.start(SearchRequest(text=text, **options)).result(PATIENCE_S)


def names(result: SearchResult, verdict: str = "match") -> list[str]:
    """File names of the hits with this verdict, best first."""
    return [hit.photo.path.name for hit in result.hits if hit.verdict == verdict]


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"still not {what} after {PATIENCE_S:.0f} s")
        time.sleep(0.02)
