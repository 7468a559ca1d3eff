"""A library of an earlier version opens, searches and exports without being indexed again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.library import Library
from engine.records import ExportKind, ExportRequest, SearchRequest, Verdict
from tests.fakes.library_copies import copy_library
from tests.flows.conftest import PATIENCE_S

STORED = Path(__file__).parents[1] / "data" / "library_0_1"
FIRST_HITS = {"dog": ("dog.jpg", 0.7406), "cat": ("cat.jpg", None), "boat": ("boats.jpg", None)}
"""Query -> file of the first hit, and its probability as that version gave it where noted."""


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A copy of the library whose folder of photos is the copy's."""
    copy_library(STORED, tmp_path)
    return tmp_path


@pytest.fixture
def library(stored: Path) -> Iterator[Library]:
    with Library.open(stored / "library") as opened:
        yield opened


def test_it_opens_with_everything_it_held(library: Library) -> None:
    status = library.status()
    assert (status.profile, status.searchable, status.outlined) == ("starter", 3, 3)
    assert (status.regions, status.problems, status.note) == (122, 0, "")
    report = library.maintenance.check().result(PATIENCE_S)
    assert report.ok and report.repaired == () and report.vectors == 125


@pytest.mark.parametrize("query", FIRST_HITS)
def test_it_answers_as_it_did(library: Library, query: str) -> None:
    hit = library.search.start(SearchRequest(text=query)).result(PATIENCE_S).hits[0]
    name, probability = FIRST_HITS[query]
    assert hit.photo.path.name == name and hit.verdict is Verdict.MATCH
    assert hit.region is not None
    if probability is not None:
        assert hit.probability == pytest.approx(probability, abs=1e-3)


def test_it_exports_a_cutout(library: Library, tmp_path: Path) -> None:
    hits = library.search.start(SearchRequest(text="dog", limit=1)).result(PATIENCE_S).hits
    request = ExportRequest(hits, tmp_path / "out", ExportKind.CUTOUT, "dog")
    (tmp_path / "out").mkdir()
    summary = library.exports.start(request).result(PATIENCE_S)
    assert len(summary.written) == 1 and summary.problems == ()


def test_indexing_again_analyses_nothing(library: Library, stored: Path) -> None:
    """The copied files have new times, so their content is compared; it is known."""
    regions = {photo.id: library.photos.regions(photo.id) for photo in library.photos.page()}
    status = library.indexing.start().result(PATIENCE_S)
    assert (status.searchable, status.pending, status.problems) == (3, 0, 0)
    after = {photo.id: library.photos.regions(photo.id) for photo in library.photos.page()}
    assert after == regions, "the same ids: no photo was analysed again"
