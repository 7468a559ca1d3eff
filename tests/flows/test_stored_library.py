"""A library of an earlier version, whose models were others, opens and loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.library import Library
from engine.records import ExportKind, ExportRequest, SearchRequest, Verdict
from tests.fakes.library_copies import copy_library
from tests.flows.conftest import PATIENCE_S

STORED = Path(__file__).parents[1] / "data" / "library_0_1"
FIRST_HITS = {"dog": "dog.jpg", "cat": "cat.jpg", "boat": "boats.jpg"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A copy of the library whose folder of photos is the copy's."""
    folder = tmp_path_factory.mktemp("stored")
    copy_library(STORED, folder)
    with Library.open(folder / "library") as opened:
        yield opened


@pytest.fixture(scope="module")
def indexed(library: Library) -> Library:
    """After the photos were looked at with today's models."""
    before = library.status()
    assert (before.photos, before.searchable, before.problems) == (3, 0, 0)
    library.indexing.start().result(PATIENCE_S)
    return library


def test_it_opens_with_everything_it_held(library: Library) -> None:
    status = library.status()
    assert (status.profile, status.photos, status.problems) == ("starter", 3, 0)
    assert len(library.folders.all()) == 1
    assert "starter" in {profile.name for profile in library.models.kept()}


def test_its_photos_are_looked_at_again_and_become_searchable(indexed: Library) -> None:
    status = indexed.status()
    assert (status.searchable, status.outlined, status.problems) == (3, 3, 0)
    report = indexed.maintenance.check().result(PATIENCE_S)
    assert report.ok and report.repaired == ()


@pytest.mark.parametrize("query", FIRST_HITS)
def test_it_answers(indexed: Library, query: str) -> None:
    hit = indexed.search.start(SearchRequest(text=query)).result(PATIENCE_S).hits[0]
    assert hit.photo.path.name == FIRST_HITS[query] and hit.verdict is Verdict.MATCH
    assert hit.region is not None


def test_it_exports_a_cutout(indexed: Library, tmp_path: Path) -> None:
    hits = indexed.search.start(SearchRequest(text="dog", limit=1)).result(PATIENCE_S).hits
    request = ExportRequest(hits, tmp_path / "out", ExportKind.CUTOUT, "dog")
    (tmp_path / "out").mkdir()
    summary = indexed.exports.start(request).result(PATIENCE_S)
    assert len(summary.written) == 1 and summary.problems == ()
