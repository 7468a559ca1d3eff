"""The whole path: files in a folder, a word, the photo with the thing outlined."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.decode.reader import read_upright
from engine.decode.thumbnails import ThumbnailCache
from engine.errors import BadRequest, PhotoMissing
from engine.library import Library
from engine.masks import rle as rle_codec
from engine.masks.geometry import scale_mask
from engine.records import SearchRequest, Verdict
from tests.fakes import colour_models, synthetic_photos

from .conftest import PATIENCE_S, found, names, wait_until

Open = Callable[..., Library]


def looks(log: Path) -> int:
    """How often a model has looked at a photo."""
    return len(log.read_text().splitlines()) if log.exists() else 0


def index(library: Library) -> None:
    library.indexing.start().result(PATIENCE_S)


def test_a_thing_is_found_by_its_word_and_outlined(library: Library, photos: Path) -> None:
    synthetic_photos.photo(photos / "a.jpg", "red", "blue", size_wh=(3000, 2000), seed=1)
    synthetic_photos.photo(photos / "sub/b.png", "green", seed=2)
    synthetic_photos.photo(photos / "c.jpg", "yellow", seed=3)
    synthetic_photos.photo(photos / "empty.jpg", seed=4)
    folder = library.folders.add(photos)
    status = library.indexing.start().result(PATIENCE_S)
    assert (status.photos, status.searchable, status.pending, status.problems) == (4, 4, 0, 0)
    assert status.regions == 4 and library.folders.all()[0].searchable == 4
    result = found(library, "blue")
    assert names(result) == ["a.jpg"] and result.complete and result.profile == "colours"
    hit = result.hits[0]
    rgb = read_upright(photos / "a.jpg").rgb
    wanted = colour_models.box_of("blue", rgb)
    assert hit.region.box_xyxy.as_tuple() == pytest.approx(wanted.as_tuple(), abs=6)
    mask = scale_mask(rle_codec.decode(hit.region.rle), hit.photo.size_wh)
    truth = np.abs(rgb.astype(int) - colour_models.COLOURS["blue"]).sum(axis=2) < 60
    assert (mask & truth).sum() / (mask | truth).sum() > 0.8
    assert names(found(library, "green", folder_ids=frozenset([folder.id]))) == ["b.png"]
    assert all(hit.verdict is not Verdict.UNVERIFIED for hit in result.hits)


def test_photos_regions_thumbnails_and_pixels_can_be_read(library: Library, photos: Path) -> None:
    synthetic_photos.photo(photos / "a.jpg", "red", "blue", size_wh=(640, 480), age_s=100)
    synthetic_photos.photo(photos / "b.jpg", "green", age_s=50)
    library.folders.add(photos)
    index(library)
    first, second = library.photos.page(10)
    assert (first.path.name, second.path.name) == ("b.jpg", "a.jpg"), "newest first"
    assert library.photos.page(1, before=first.id) == (second,)
    assert library.photos.get(second.id) == second and second.size_wh == (640, 480)
    regions = library.photos.regions(second.id)
    assert len(regions) == 2 and library.photos.region(regions[0].id) == regions[0]
    assert library.photos.thumbnail(second.id).startswith(b"\xff\xd8")
    assert library.photos.read(second.id).shape == (480, 640, 3)
    assert library.photos.read(second.id, 64).shape == (48, 64, 3)
    assert library.photos.get(999) is None and library.photos.thumbnail(999) is None
    with pytest.raises(PhotoMissing):
        library.photos.read(999)


def test_things_like_this_one_leave_out_the_photo_itself(library: Library, photos: Path) -> None:
    for name, colours in {"a": ["red"], "b": ["green", "red"], "c": ["blue"]}.items():
        synthetic_photos.photo(photos / f"{name}.jpg", *colours, seed=ord(name))
    library.folders.add(photos)
    index(library)
    red = found(library, "red").hits[0]
    assert red.photo.path.name in "a.jpg b.jpg"
    result = library.search.start(SearchRequest(like_region=red.region.id)).result(PATIENCE_S)
    others = [hit.photo.path.name for hit in result.hits]
    assert sorted([red.photo.path.name, others[0]]) == ["a.jpg", "b.jpg"]
    assert red.photo.path.name not in others and len(others) == 2
    assert {hit.verdict for hit in result.hits} == {Verdict.UNVERIFIED}
    with pytest.raises(BadRequest):
        library.search.start(SearchRequest(like_region=12345)).result(PATIENCE_S)


def test_unknown_words_find_nothing_and_set_a_note(library: Library, photos: Path) -> None:
    synthetic_photos.photo(photos / "a.jpg", "red")
    library.folders.add(photos)
    index(library)
    result = found(library, "zeitgeist")
    assert result.hits == () and result.note


def test_an_empty_library_answers(library: Library) -> None:
    assert found(library, "red").hits == ()
    assert library.status().photos == 0
    assert library.maintenance.check().result(PATIENCE_S).ok


def test_a_moved_renamed_or_copied_photo_is_not_analysed_again(
    open_library: Open, photos: Path, tmp_path: Path
) -> None:
    log = tmp_path / "looks"
    library = open_library(calls_log=log)
    synthetic_photos.photo(photos / "a.jpg", "red")
    library.folders.add(photos)
    index(library)
    hit = found(library, "red").hits[0]
    (photos / "a.jpg").rename(photos / "b.jpg")
    shutil.copy2(photos / "b.jpg", photos / "copy.jpg")
    index(library)
    after = found(library, "red").hits
    assert [h.photo.id for h in after] == [hit.photo.id] and after[0].region == hit.region
    assert after[0].photo.path.name in ("b.jpg", "copy.jpg")
    assert library.status().photos == 2 and looks(log) == 1
    assert library.maintenance.check().result(PATIENCE_S).repaired == ()


def test_a_check_restores_lost_thumbnails_where_it_can(library: Library, photos: Path) -> None:
    synthetic_photos.photo(photos / "a.jpg", "red")
    gone = synthetic_photos.photo(photos / "b.jpg", "blue")
    library.folders.add(photos)
    index(library)
    before = {photo.id: library.photos.thumbnail(photo.id) for photo in library.photos.page()}
    thumbnails = ThumbnailCache(library.paths.thumbnails)
    thumbnails.remove(before)
    thumbnails.close()
    gone.rename(photos.parent / "elsewhere.jpg")
    report = library.maintenance.check().result(PATIENCE_S)
    assert report.repaired == ("thumbnails: 1 were lost and made anew",)
    assert report.faults == ("thumbnails: 1 are lost, and their files cannot be read now",)
    made = {photo.path.name: library.photos.thumbnail(photo.id) for photo in library.photos.page()}
    assert made["b.jpg"] is None and made["a.jpg"] in before.values()
    (photos.parent / "elsewhere.jpg").rename(gone)
    assert library.maintenance.check().result(PATIENCE_S).ok


def test_a_lost_thumbnail_is_made_when_it_is_asked_for(
    open_library: Callable[..., Library], photos: Path
) -> None:
    library = open_library()
    synthetic_photos.photo(photos / "a.jpg", "red")
    changed = synthetic_photos.photo(photos / "b.jpg", "blue")
    gone = synthetic_photos.photo(photos / "c.jpg", "green")
    library.folders.add(photos)
    index(library)
    ids = {photo.path.name: photo.id for photo in library.photos.page()}
    before = {name: library.photos.thumbnail(ids[name]) for name in ids}
    library._components.thumbnails.remove(ids.values())
    reader = open_library(read_only=True)
    assert reader.photos.restore_thumbnail(ids["a.jpg"]) == before["a.jpg"]
    assert library.photos.thumbnail(ids["a.jpg"]) is None, "who only reads stores nothing"
    changed.write_bytes(changed.read_bytes() + b"more")
    gone.unlink()
    assert {name: library.photos.restore_thumbnail(ids[name]) for name in ids} == {
        "a.jpg": before["a.jpg"],
        "b.jpg": None,
        "c.jpg": None,
    }
    assert library.photos.thumbnail(ids["a.jpg"]) == before["a.jpg"]
    assert library.photos.restore_thumbnail(999) is None


def test_a_changed_photo_is_analysed_again_and_replaces_the_old_one(
    library: Library, photos: Path
) -> None:
    path = synthetic_photos.photo(photos / "a.jpg", "red", age_s=100)
    library.folders.add(photos)
    index(library)
    synthetic_photos.photo(path, "blue", age_s=50)
    index(library)
    assert names(found(library, "blue")) == ["a.jpg"]
    assert names(found(library, "red")) == []
    report = library.maintenance.check().result(PATIENCE_S)
    assert (report.photos, report.repaired, report.faults) == (1, (), ())


def test_a_deleted_photo_drops_out_and_comes_back(
    open_library: Open, photos: Path, tmp_path: Path
) -> None:
    log = tmp_path / "looks"
    library = open_library(calls_log=log)
    path = synthetic_photos.photo(photos / "a.jpg", "red")
    synthetic_photos.photo(photos / "kept.jpg", "blue", seed=1)
    library.folders.add(photos)
    index(library)
    data, facts = path.read_bytes(), path.stat()
    path.unlink()
    index(library)
    assert names(found(library, "red")) == [] and library.status().photos == 1
    path.write_bytes(data)
    os.utime(path, ns=(facts.st_mtime_ns, facts.st_mtime_ns))
    index(library)
    assert names(found(library, "red")) == ["a.jpg"] and looks(log) == 2


def test_an_offline_folder_keeps_everything(library: Library, photos: Path) -> None:
    synthetic_photos.photo(photos / "a.jpg", "red")
    library.folders.add(photos)
    index(library)
    photos.rename(photos.with_name("unplugged"))
    index(library)
    assert library.folders.all()[0].online is False
    hit = found(library, "red").hits[0]
    assert hit.photo.available is False and library.photos.thumbnail(hit.photo.id)
    with pytest.raises(PhotoMissing):
        library.photos.read(hit.photo.id)
    photos.with_name("unplugged").rename(photos)
    index(library)
    assert library.folders.all()[0].online and found(library, "red").hits[0].photo.available


def test_a_removed_folder_is_gone_at_once_and_for_good(library: Library, photos: Path) -> None:
    synthetic_photos.photo(photos / "keep/a.jpg", "red", seed=1)
    synthetic_photos.photo(photos / "drop/b.jpg", "red", seed=2)
    library.folders.add(photos / "keep")
    drop = library.folders.add(photos / "drop")
    index(library)
    gone = next(p.id for p in library.photos.page() if p.path.name == "b.jpg")
    library.folders.remove(drop.id)
    assert [folder.path.name for folder in library.folders.all()] == ["keep"]
    assert names(found(library, "red")) == ["a.jpg"]
    wait_until(lambda: library.photos.thumbnail(gone) is None, "forgotten")
    report = library.maintenance.check().result(PATIENCE_S)
    assert (report.photos, report.vectors, report.faults) == (1, 2, ())
    assert (photos / "drop/b.jpg").exists()
    with pytest.raises(BadRequest):
        library.folders.remove(drop.id)


def test_another_profile_indexes_everything_and_keeps_the_old_vectors(
    open_library: Open, photos: Path
) -> None:
    synthetic_photos.photo(photos / "a.jpg", "red", seed=1)
    synthetic_photos.photo(photos / "b.jpg", "blue", seed=2)
    library = open_library()
    library.folders.add(photos)
    index(library)
    library.close()
    other = open_library(key="colours-2")
    assert other.status().pending == 2 and found(other, "red").hits == ()
    index(other)
    assert names(found(other, "red")) == ["a.jpg"] and other.status().searchable == 2
    other.close()
    assert names(found(open_library(), "red")) == ["a.jpg"]
