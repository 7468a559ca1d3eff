"""Which photos every store lets pass a query's filters, see ``PhotoTable``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from engine.records import (
    DateRange,
    Filter,
    FilterKind,
    FilterValue,
    FolderId,
    NumberRange,
    PhotoMetadata,
    Span,
)
from engine.store.rows import FileVersion
from engine.store.store import Store
from tests.fakes.analysed_photos import analysed


def is_(kind: str, value: FilterValue) -> Filter:
    return Filter(FilterKind(kind), value, Span(0, 1))


def is_not(kind: str, value: FilterValue) -> Filter:
    return replace(is_(kind, value), excluded=True)


@dataclass(frozen=True)
class Made:
    """A photo to add; ``copies`` are further places of it."""

    path: str
    taken_at: str | None = None
    camera: str | None = None
    size_wh: tuple[int, int] = (4000, 3000)
    copies: tuple[str, ...] = ()
    metadata: PhotoMetadata = field(default_factory=PhotoMetadata)


ALBUM = (
    Made("Été 2019/Plage/a.jpg", "2019-07-14T11:30:00", "Canon EOS 80D"),
    Made("Ete 2018/forêt/b.JPG", "2018-07-14T23:59:59", "Canon EOS 5D", (3000, 4000)),
    Made("work/c.png", None, None, (1080, 1080)),
    Made("work/d.heic", "2019-12-31T23:00:00", "Apple iPhone 12", (4032, 3024)),
    Made("e.jpeg", "2020-01-01T00:00:00", "Apple iPhone 12", (1000, 981), ("work/e.jpeg",)),
    Made("100%_done/f.tif", "2020-06-01T05:59:59", "NIKON D750", (1000, 980)),
    Made("100 pc done/g.avif", "2020-06-01T06:00:00", "NIKON D750", (1000, 979)),
)


class Photos:
    """Adds photos to a store, and says which pass filters, by the letters of their names."""

    def __init__(self, store: Store, folder_id: FolderId, profile_id: int) -> None:
        self.store, self.folder_id, self.profile_id = store, folder_id, profile_id
        self._names: dict[int, str] = {}

    def add(self, *made: Made) -> None:
        for photo in made:
            self.store.files.record_found(self.folder_id, [(photo.path, 10, 1)])
            file = self.store.files.pending(1)[0]
            analysis = replace(
                analysed(photo.path.encode(), file),
                metadata=replace(photo.metadata, taken_at=photo.taken_at, camera=photo.camera),
                size_wh=photo.size_wh,
            )
            written = self.store.results.write(file, analysis, self.profile_id, lambda *_: None)
            assert written.photo_id is not None
            self._names[written.photo_id] = Path(photo.path).stem
            for path in photo.copies:
                self.store.files.record_found(self.folder_id, [(path, 10, 1)])
                version = FileVersion(photo.path.encode(), 10, 1)
                copy = self.store.files.pending(1)[0]
                self.store.results.link_known(copy, version, written.photo_id)

    def passing(self, *filters: Filter, folder_ids: Sequence[FolderId] = ()) -> str:
        """Asked in each way there is, which must agree."""
        table, below = self.store.photos, frozenset(folder_ids)
        ids = table.searchable_ids(self.profile_id, below, None, filters)
        assert ids is not None and len(ids) == len(set(ids))
        assert table.searchable_ids(self.profile_id, below, len(ids), filters) == ids
        if ids:
            assert table.searchable_ids(self.profile_id, below, len(ids) - 1, filters) is None
        known = list(self._names)
        assert table.visible_ids(known, below, filters) == set(ids)
        assert set(table.visible(known, below, filters)) == set(ids)
        page = table.page(self.profile_id, 100, None, below, filters)
        assert {photo.id for photo in page} == set(ids) and len(page) == len(ids)
        return "".join(sorted(self._names[i] for i in ids))


@pytest.fixture
def photos(store: Store, folder_id: FolderId, profile_id: int) -> Photos:
    return Photos(store, folder_id, profile_id)


def days(first: str | None, last: str | None) -> DateRange:
    return DateRange(
        date.fromisoformat(first) if first else None, date.fromisoformat(last) if last else None
    )


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (is_("date", days("2018-07-14", "2018-07-14")), "b"),
        (is_("date", days("2019-01-01", "2019-12-31")), "ad"),
        (is_("date", days("2020-01-01", None)), "efg"),
        (is_("date", days(None, "2019-12-31")), "abd"),
        (is_("date", DateRange(date.min, date.max)), "abdefg"),
        (is_("date", DateRange()), "abdefg"),
        (is_not("date", days("2019-01-01", "2019-12-31")), "bcefg"),
        (is_("hour", NumberRange(11, 11)), "a"),
        (is_("hour", NumberRange(22, 5)), "bdef"),
        (is_("hour", NumberRange(6, None)), "abdg"),
        (is_("hour", NumberRange(None, 0)), "e"),
        (is_not("hour", NumberRange(22, 5)), "acg"),
        (is_("folder", "ETE"), "ab"),
        (is_("folder", "été 2019"), "a"),
        (is_("folder", "e\u0301te\u0301 2019/plage"), "a"),
        (is_("folder", "Foret"), "b"),
        (is_("folder", "work"), "cde"),
        (is_("folder", "photos"), "abcdefg"),
        (is_("folder", "photos/work"), "cde"),
        (is_("folder", "100%_d"), "f"),
        (is_("folder", "jpg"), ""),
        (is_not("folder", "work"), "abfg"),
        (is_("camera", "canon"), "ab"),
        (is_("camera", "canon 80d"), "a"),
        (is_("camera", "iPhone 1"), "de"),
        (is_("camera", "%"), ""),
        (is_not("camera", "canon"), "cdefg"),
        (is_("type", "jpeg"), "abe"),
        (is_("type", "tiff"), "f"),
        (is_("type", "heic"), "d"),
        (is_("type", "avif"), "g"),
        (is_("type", "raw"), ""),
        (is_not("type", "jpeg"), "cdfg"),
        (is_("orientation", "landscape"), "adg"),
        (is_("orientation", "portrait"), "b"),
        (is_("orientation", "square"), "cef"),
        (is_not("orientation", "square"), "abdg"),
        (is_("megapixels", NumberRange(12, 12)), "ab"),
        (is_("megapixels", NumberRange(12, None)), "abd"),
        (is_("megapixels", NumberRange(None, 1.2)), "cefg"),
        (is_("lens", "50mm"), ""),
        (is_not("lens", "50mm"), "abcdefg"),
        (is_("rating", NumberRange(4, 5)), ""),
        (is_("cut-outs", True), ""),
    ],
)
def test_a_filter_keeps_the_photos_that_pass_it(
    photos: Photos, wanted: Filter, expected: str
) -> None:
    photos.add(*ALBUM)
    assert photos.passing(wanted) == expected


def test_all_filters_must_be_passed(photos: Photos) -> None:
    photos.add(*ALBUM)
    iphone, summer = is_("camera", "iphone"), is_("date", days("2019-06-01", "2019-12-31"))
    assert photos.passing() == "abcdefg"
    assert photos.passing(iphone, is_("folder", "work")) == "de"
    assert photos.passing(summer, is_("folder", "work")) == "d"
    assert photos.passing(summer, is_("folder", "ete"), is_not("type", "heic")) == "a"
    assert photos.passing(is_("type", "jpeg"), is_not("folder", "work"), iphone) == ""
    assert photos.passing(is_("orientation", "square"), is_("type", "png")) == "c"
    assert photos.passing(is_("folder", "ete"), is_("folder", "2018")) == "b"
    assert photos.passing(is_("folder", "work"), is_("lens", "zoom")) == ""


def test_days_added_are_local_days(photos: Photos) -> None:
    photos.add(*ALBUM[:2])
    today = date.today()
    near = DateRange(today - timedelta(days=1), today)  # midnight may pass during the test
    assert photos.passing(is_("added", near)) == "ab"
    assert photos.passing(is_("added", DateRange(today - timedelta(days=7)))) == "ab"
    assert photos.passing(is_("added", DateRange(today + timedelta(days=2)))) == ""
    assert photos.passing(is_("added", DateRange(None, today - timedelta(days=2)))) == ""
    assert photos.passing(is_("added", DateRange(date.min, date.max))) == "ab"
    assert photos.passing(is_not("added", near)) == ""


def test_one_copy_must_pass_all_filters_and_is_shown(
    photos: Photos, store: Store, folder_id: FolderId
) -> None:
    photos.add(Made("Rome/2019/x.jpg", copies=("Paris/2018/x.jpg",)), Made("Oslo/y.jpg"))
    assert photos.passing(is_("folder", "paris")) == "x"
    assert photos.passing(is_("folder", "paris"), is_("folder", "2018")) == "x"
    assert photos.passing(is_("folder", "paris"), is_("folder", "2019")) == ""
    assert photos.passing(is_not("folder", "paris")) == "y"
    (shown,) = store.photos.visible([1], (), [is_("folder", "paris")]).values()
    assert shown.path.parts[-3:] == ("Paris", "2018", "x.jpg")
    store.files.record_missing(folder_id, ["Paris/2018/x.jpg"])
    assert photos.passing(is_("folder", "paris")) == ""
    assert photos.passing(is_not("folder", "paris")) == "xy"


def test_filters_and_watched_folders_hold_together(
    photos: Photos, store: Store, folder_id: FolderId, tmp_path: Path
) -> None:
    photos.add(Made("trip/x.jpg"), Made("y.jpg"))
    other = store.folders.add(tmp_path / "Trip of others")
    photos.folder_id = other
    photos.add(Made("z.jpg"), Made("deep/w.png"))
    trip = is_("folder", "trip")
    assert photos.passing(trip) == "wxz"
    assert photos.passing(trip, folder_ids=[folder_id]) == "x"
    assert photos.passing(is_not("folder", "trip"), folder_ids=[folder_id]) == "y"
    assert photos.passing(is_("type", "png"), folder_ids=[folder_id]) == ""
    assert photos.passing(is_not("type", "png"), folder_ids=[other]) == "z"
    store.folders.mark_removed(other)
    assert photos.passing(trip) == "x"


def test_photos_without_vectors_of_the_profile_do_not_pass(photos: Photos, store: Store) -> None:
    photos.add(Made("a.jpg"))
    assert photos.passing(is_("type", "jpeg")) == "a"
    found = store.photos.searchable_ids(
        photos.profile_id + 1, frozenset(), None, [is_("type", "jpeg")]
    )
    assert found == []


DESCRIBED = (
    Made("a.jpg", metadata=PhotoMetadata(lens="EF50mm f/1.8 STM", rating=5, keywords=("Holiday",))),
    Made(
        "b.jpg", metadata=PhotoMetadata(lens="EF-S18-55mm f/3.5-5.6", rating=4, people=("Anna Bø",))
    ),
    Made(
        "c.jpg", metadata=PhotoMetadata(lens="150.0-600.0 mm f/5.0", rating=-1, title="Été à Rome")
    ),
    Made("d.jpg", metadata=PhotoMetadata(lens="Nikkor 50.0 mm", latitude=1.5, longitude=0.0)),
    Made(
        "e.jpg",
        metadata=PhotoMetadata(rating=0, caption="Sunset, in the bay of Rome", place="Rome, Italy"),
    ),
    Made("f.jpg", metadata=PhotoMetadata(keywords=("summer holiday", "東京旅行"))),
)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (is_("rating", NumberRange(4)), "ab"),
        (is_("rating", NumberRange(4, 4)), "b"),
        (is_("rating", NumberRange(None, 4)), "be"),
        (is_not("rating", NumberRange(4)), "cdef"),
        (is_("lens", "50mm"), "ad"),
        (is_("lens", "50 mm"), "ad"),
        (is_("lens", "18-55mm"), "b"),
        (is_("lens", "55mm"), ""),
        (is_("lens", "150-600mm"), "c"),
        (is_("lens", "ef 1.8"), "a"),
        (is_("lens", "nikkor"), "d"),
        (is_("keyword", "holiday"), "af"),
        (is_("keyword", "HOLIDAY "), "af"),
        (is_("keyword", "summer holiday"), "f"),
        (is_("keyword", "holiday summer"), ""),
        (is_("keyword", "anna"), "b"),
        (is_("keyword", "東京旅行"), "f"),
        (is_("keyword", "holi%"), ""),
        (is_("keyword", "!"), ""),
        (is_not("keyword", "holiday"), "bcde"),
        (is_("caption", "rome"), "ce"),
        (is_("caption", "ROME bay"), "e"),
        (is_("caption", "ete"), "c"),
        (is_("location", True), "d"),
        (is_not("location", True), "abcef"),
        (is_("location", "italy"), "e"),
    ],
)
def test_what_was_written_about_photos(photos: Photos, wanted: Filter, names: str) -> None:
    photos.add(*DESCRIBED)
    assert photos.passing(wanted) == names
    assert photos.passing(wanted, is_("type", "jpeg")) == names


def test_a_date_known_to_the_month_passes_as_a_whole_or_not_at_all(photos: Photos) -> None:
    photos.add(
        Made("a.jpg", "2019-07-01", metadata=PhotoMetadata(taken_until="2019-07-31")),
        Made("b.jpg", "2019-07-01"),
        Made("c.jpg", "2019-01-01", metadata=PhotoMetadata(taken_until="2019-12-31")),
    )
    assert photos.passing(is_("date", days("2019-07-01", "2019-07-31"))) == "ab"
    assert photos.passing(is_("date", days("2019-07-01", "2019-07-30"))) == "b"
    assert photos.passing(is_("date", days("2019-01-01", "2019-12-31"))) == "abc"
    assert photos.passing(is_("hour", NumberRange(22, 5))) == ""


def test_the_store_says_which_values_photos_have(
    photos: Photos, store: Store, folder_id: FolderId
) -> None:
    has = store.photos.has_values
    assert not any(has(kind) for kind in FilterKind)
    photos.add(Made("a.jpg"))
    everywhere = {"added", "folder", "type", "orientation", "megapixels"}
    assert {kind.value for kind in FilterKind if has(kind)} == everywhere
    photos.add(Made("b.jpg", "2020-01-01T00:00:00", "A camera"))
    dated = everywhere | {"date", "hour", "camera"}
    assert {kind.value for kind in FilterKind if has(kind)} == dated
    store.files.record_missing(folder_id, ["b.jpg"])
    photos.add(*(replace(photo, path=f"described/{photo.path}") for photo in DESCRIBED))
    described = {"lens", "rating", "keyword", "caption", "location"}
    assert {kind.value for kind in FilterKind if has(kind)} == everywhere | described
    store.files.record_missing(folder_id, [f"described/{photo.path}" for photo in DESCRIBED])
    assert {kind.value for kind in FilterKind if has(kind)} == everywhere


@pytest.mark.parametrize(
    "wrong",
    [is_("date", "May"), is_("hour", True), is_("folder", NumberRange(1)), is_("orientation", "x")],
)
def test_values_of_another_kind_are_refused(photos: Photos, store: Store, wrong: Filter) -> None:
    photos.add(Made("a.jpg"))
    for ask in (
        lambda: store.photos.visible_ids([1], (), [wrong]),
        lambda: store.photos.searchable_ids(photos.profile_id, frozenset(), 5, [wrong]),
    ):
        with pytest.raises(ValueError, match=wrong.kind.value):
            ask()


def test_pages_of_filtered_photos_have_no_gap(photos: Photos, store: Store) -> None:
    photos.add(*ALBUM)
    wanted = [is_not("type", "jpeg")]
    seen: list[str] = []
    before = None
    while page := store.photos.page(photos.profile_id, 2, before, (), wanted):
        seen += [photo.path.stem for photo in page]
        before = page[-1].id
    assert seen == ["g", "f", "d", "c"]


def test_all_regions_of_photos_are_named(photos: Photos, store: Store) -> None:
    photos.add(*ALBUM[:3])
    region_ids, photo_ids = store.regions.ids_of([3, 1, 99], photos.profile_id)
    assert region_ids.dtype == photo_ids.dtype == np.int64
    assert (np.diff(region_ids) > 0).all() and len(region_ids) == 6
    assert store.regions.photos_of(region_ids.tolist()) == dict(
        zip(region_ids.tolist(), photo_ids.tolist(), strict=True)
    )
    assert set(photo_ids.tolist()) == {1, 3}
    assert [len(part) for part in store.regions.ids_of([], photos.profile_id)] == [0, 0]
    assert [len(part) for part in store.regions.ids_of([1], photos.profile_id + 1)] == [0, 0]
