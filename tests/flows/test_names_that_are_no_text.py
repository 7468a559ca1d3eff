"""A photo whose name is no UTF-8: indexed, found, shown, exported, and followed when it moves."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.library import Library
from engine.records import ExportKind, ExportRequest
from tests.fakes import synthetic_photos

from .conftest import PATIENCE_S, found, names

Open = Callable[..., Library]
NAME = os.fsdecode(b"latin\xe9.jpg")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")


@pytest.fixture
def library(open_library: Open, photos: Path) -> Library:
    synthetic_photos.photo(photos / os.fsdecode(b"f\xfcr") / NAME, "red")
    (photos / os.fsdecode(b"broken\xff.jpg")).write_bytes(b"\xff\xd8\xff\xe0 no more")
    synthetic_photos.aged(photos / os.fsdecode(b"broken\xff.jpg"), 3600)
    library = open_library()
    library.folders.add(photos)
    library.indexing.start().result(PATIENCE_S)
    return library


def test_it_is_found_read_and_listed(library: Library, photos: Path) -> None:
    assert names(found(library, "red")) == [NAME]
    (photo,) = (hit.photo for hit in found(library, "red").hits)
    assert os.fsencode(photo.path) == os.fsencode(photos) + b"/f\xfcr/latin\xe9.jpg"
    assert library.photos.read(photo.id).ndim == 3 and library.photos.thumbnail(photo.id)
    (problem,) = library.indexing.problems()
    assert problem.path.name == os.fsdecode(b"broken\xff.jpg") and problem.kind == "unreadable"
    assert library.indexing.retry_problems([problem.path]) == 1


@pytest.mark.parametrize("kind", list(ExportKind))
def test_it_is_exported(library: Library, tmp_path: Path, kind: ExportKind) -> None:
    hits = found(library, "red").hits
    request = ExportRequest(hits, tmp_path / "out", kind, "red")
    summary = library.exports.start(request).result(PATIENCE_S)
    assert summary.problems == () and len(summary.written) == 1
    (written,) = summary.written
    os.fsencode(written.name).decode("utf-8")
    content = written.read_bytes()
    if kind is ExportKind.CSV:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
        assert rows[0]["path"].endswith("latin\\udce9.jpg")
    elif kind is ExportKind.COCO:
        (image,) = json.loads(content)["images"]
        assert image["file_name"] == NAME


def test_it_is_followed_when_it_moves(library: Library, photos: Path) -> None:
    (photo,) = library.photos.page()
    moved = photos / os.fsdecode(b"caf\xe9.jpg")
    photo.path.rename(moved)
    library.indexing.start().result(PATIENCE_S)
    assert [p.path for p in library.photos.page()] == [moved]
    assert library.photos.page()[0].id == photo.id


def test_a_watched_folder_may_have_such_a_name(open_library: Open, photos: Path) -> None:
    root = photos / os.fsdecode(b"\xfc")
    synthetic_photos.photo(root / "a.jpg", "red")
    library = open_library()
    assert library.folders.add(root).path == root.resolve()
    library.folders.start_watching()
    library.indexing.start().result(PATIENCE_S)
    assert names(found(library, "red")) == ["a.jpg"]
    assert library.status().note == ""
