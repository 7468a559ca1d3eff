"""What photos, the files beside them and their names say, from the folder to the library."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from engine.indexing import analysis_pool, metadata_pass
from engine.jobs import CancelToken, JobContext
from engine.library import Library
from engine.profiles.profile import Models
from engine.records import PhotoMetadata
from tests.fakes import synthetic_photos

from .conftest import PATIENCE_S

Open = Callable[..., Library]
PACKET = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
    xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
    xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="%d"/></rdf:RDF></x:xmpmeta>"""


def index(library: Library) -> dict[str, PhotoMetadata]:
    """Index, and what is known then of each photo by its name."""
    library.indexing.start().result(PATIENCE_S)
    photos = library.photos.page()
    return {photo.path.name: library.photos.metadata(photo.id) for photo in photos}


def dated_photo(path: Path) -> Path:
    exif = Image.Exif()
    exif[0x0110] = "Box"
    exif.get_ifd(0x8769)[0x9003] = "2020:01:02 03:04:05"
    pixels = synthetic_photos.pixels([("red", (10, 20, 40, 60))])
    return synthetic_photos.write(path, pixels, exif=exif)


def load_nothing() -> Models:
    raise AssertionError("photos are looked at again")


def kept_regions(library_path: Path) -> list[tuple]:
    connection = sqlite3.connect(library_path / "library.sqlite")
    try:
        return connection.execute("SELECT * FROM region_blocks ORDER BY last_id").fetchall()
    finally:
        connection.close()


def forget_metadata(library_path: Path) -> None:
    """As a library is from before metadata was read."""
    connection = sqlite3.connect(library_path / "library.sqlite")
    with connection:
        connection.execute("UPDATE photos SET taken_until = NULL, rating = NULL, details = NULL")
        connection.execute("DELETE FROM photo_terms")
        connection.execute("DELETE FROM sidecars")
        connection.execute("INSERT OR IGNORE INTO metadata_due SELECT id FROM files")
    connection.close()


def test_a_date_comes_from_the_photo_else_from_its_name(library: Library, photos: Path) -> None:
    dated_photo(photos / "IMG_20190704_101112.jpg")
    synthetic_photos.photo(photos / "IMG_20180704_101112.jpg", "blue")
    synthetic_photos.photo(photos / "2017-06 Rome" / "a.jpg", "green")
    library.folders.add(photos)
    known = index(library)
    assert {name: (m.taken_at, m.date_guessed) for name, m in known.items()} == {
        "IMG_20190704_101112.jpg": ("2020-01-02T03:04:05", False),
        "IMG_20180704_101112.jpg": ("2018-07-04T10:11:12", True),
        "a.jpg": ("2017-06-01", True),
    }
    assert list(known) == ["IMG_20190704_101112.jpg", "IMG_20180704_101112.jpg", "a.jpg"]


def test_an_older_library_is_read_again_and_not_looked_at_again(
    open_library: Open, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dated_photo(photos / "a.jpg")
    synthetic_photos.photo(photos / "IMG_20180704_101112.jpg", "blue")
    (photos / "a.xmp").write_text(PACKET % 4)
    with open_library() as library:
        library.folders.add(photos)
        before, root = index(library), library.paths.root
    assert before["a.jpg"].rating == 4
    regions = kept_regions(root)
    forget_metadata(root)
    library = open_library(analysis=load_nothing)
    assert index(library) == before
    assert kept_regions(root) == regions

    read: list[Path] = []
    monkeypatch.setattr(analysis_pool, "read_sidecars", read.append)
    library.take_changes()
    assert index(library) == before
    assert read == [] and not library.take_changes().photos


def test_a_sidecar_that_comes_changes_and_goes_is_followed(
    open_library: Open, photos: Path
) -> None:
    sidecar = photos / "a.jpg.xmp"
    dated_photo(photos / "a.jpg")
    with open_library() as library:
        library.folders.add(photos)
        assert index(library)["a.jpg"].rating is None
    library = open_library(analysis=load_nothing)
    for rating in (2, 5):
        sidecar.write_text(PACKET % rating)
        synthetic_photos.aged(sidecar, 100 * rating)
        assert index(library)["a.jpg"].rating == rating
    sidecar.unlink()
    assert index(library)["a.jpg"].rating is None


def test_a_photo_that_got_a_name_with_a_date_gets_the_date(
    open_library: Open, photos: Path
) -> None:
    path = synthetic_photos.photo(photos / "scan.jpg", "red")
    with open_library() as library:
        library.folders.add(photos)
        assert index(library)["scan.jpg"].taken_at is None
    path.rename(photos / "1999-12-31 scan.jpg")
    library = open_library(analysis=load_nothing)
    assert index(library)["1999-12-31 scan.jpg"].taken_at == "1999-12-31"


def test_of_copies_the_one_with_a_sidecar_speaks(library: Library, photos: Path) -> None:
    dated_photo(photos / "a.jpg")
    (photos / "copy.jpg").write_bytes((photos / "a.jpg").read_bytes())
    synthetic_photos.aged(photos / "copy.jpg", 100)
    (photos / "a.xmp").write_text(PACKET % 3)
    library.folders.add(photos)
    (known,) = index(library).values()
    assert known.rating == 3
    (known,) = index(library).values()
    assert known.rating == 3


def test_a_photo_that_cannot_be_read_keeps_what_is_known(open_library: Open, photos: Path) -> None:
    path = dated_photo(photos / "a.jpg")
    with open_library() as library:
        library.folders.add(photos)
        before, root = index(library), library.paths.root
    connection = sqlite3.connect(root / "library.sqlite")
    with connection:
        connection.execute("INSERT OR IGNORE INTO metadata_due SELECT id FROM files")
    connection.close()
    path.unlink()
    path.mkdir()  # a folder in its place: the file is gone
    with open_library(analysis=load_nothing) as library:
        (photo_id,) = library._components.store.photos.all_ids()
        library.indexing.start().result(PATIENCE_S)
        assert library.photos.metadata(photo_id) == before["a.jpg"]


def test_a_pass_that_was_stopped_goes_on_where_it_was(
    open_library: Open, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(5):
        synthetic_photos.photo(photos / f"201{seed}-07-04 a.jpg", "red", seed=seed)
    with open_library() as library:
        library.folders.add(photos)
        before, root = index(library), library.paths.root
    forget_metadata(root)
    monkeypatch.setattr(metadata_pass, "_PAGE", 2)
    library = open_library(analysis=load_nothing)
    components = library._components
    indexer = components.indexer_pool.get(components.active_profile.current.profile).indexer
    reading = metadata_pass.MetadataPass(
        components.store, indexer._analysis_pool, components.change_log.record
    )
    go_on = iter([True, False])
    reading.run(JobContext(CancelToken()), lambda: next(go_on))
    assert components.store.files.count_metadata_due() == 3
    assert len(library.take_changes().photos) == 2
    assert index(library) == before
    assert components.store.files.count_metadata_due() == 0
