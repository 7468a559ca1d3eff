"""Queries of several parts, through the whole path, on photos of coloured shapes."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from engine.library import Library
from engine.records import SearchRequest, SearchResult, Verdict
from tests.fakes import colour_models, synthetic_photos
from tests.flows.conftest import PATIENCE_S

LEFT, RIGHT = (10, 40, 60, 90), (100, 40, 150, 90)
SHAPES = {
    "red": [("red", LEFT)],
    "red-right": [("red", RIGHT)],
    "both": [("red", LEFT), ("blue", RIGHT)],
    "blue": [("blue", LEFT)],
    "two-red": [("red", LEFT), ("red", RIGHT)],
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("plans")
    for year, (name, shapes) in enumerate(SHAPES.items(), start=2010):
        path = folder / "photos" / f"{name}.{'jpg' if name == 'blue' else 'png'}"
        synthetic_photos.write(path, synthetic_photos.pixels(shapes))
        os.utime(path, (year, year))
    with Library.open(folder / "library", profile=colour_models.profile()) as opened:
        opened.folders.add(folder / "photos")
        opened.indexing.start().result(PATIENCE_S)
        yield opened


def search(library: Library, text: str) -> SearchResult:
    return library.search.start(SearchRequest(text=text)).result(PATIENCE_S)


def matched(result: SearchResult) -> set[str]:
    return {hit.photo.path.stem for hit in result.hits if hit.verdict is Verdict.MATCH}


def shown(result: SearchResult) -> set[str]:
    return {hit.photo.path.stem for hit in result.hits}


def test_without_leaves_out_what_it_names(library: Library) -> None:
    result = search(library, "red ball without blue ball")
    assert result.hits[0].verdict is Verdict.MATCH
    assert not {"both", "blue"} & shown(result)
    assert matched(result) == {"red", "red-right", "two-red"}


def test_only_what_must_not_be_there(library: Library) -> None:
    result = search(library, "-blue ball")
    assert shown(result) == {"red", "red-right", "two-red"}


def test_what_was_understood_comes_with_the_answer(library: Library) -> None:
    result = search(library, "red ball without blue ball")
    assert result.plan is not None and len(result.plan.unwanted) == 1
    findings = result.hits[0].findings
    assert [finding.verdict for finding in findings] == [Verdict.MATCH, Verdict.MATCH]
    assert "without blue ball: not seen" in result.hits[0].reason


def test_a_filter_decides_and_changes_no_probability(library: Library) -> None:
    everywhere = search(library, "blue")
    only_jpeg = search(library, "blue type:jpeg")
    assert shown(only_jpeg) == {"blue"}
    of_blue = {hit.photo.path.stem: hit.probability for hit in everywhere.hits}
    assert only_jpeg.hits[0].probability == of_blue["blue"]


def test_a_filter_alone_shows_all_that_pass(library: Library) -> None:
    result = search(library, "type:png")
    assert matched(result) == {"red", "red-right", "both", "two-red"}


def test_what_no_photo_has_recorded_is_said(library: Library) -> None:
    result = search(library, "red lens:50mm")
    assert result.hits == () and "lens" in result.note


def test_all_matching_shapes_are_outlined(library: Library) -> None:
    hits = {hit.photo.path.stem: hit for hit in search(library, "red").hits}
    assert len(hits["two-red"].others) == 1 and hits["red"].others == ()
