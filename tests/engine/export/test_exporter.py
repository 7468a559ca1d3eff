"""The exporter as a job runs it: files, summary, progress, cancelling."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from pycocotools.coco import COCO

from engine.errors import Cancelled, PhotoMissing
from engine.export import exporter
from engine.export.table import inert
from engine.masks import rle as rle_codec
from engine.records import DateSource, ExportKind, ExportRequest, PhotoMetadata


class Reader:
    """Returns the pixels of disc photos by path; what it does not know is missing."""

    def __init__(self, *discs) -> None:
        self._rgb = {disc.photo.path: disc.rgb for disc in discs}

    def __call__(self, photo):
        if photo.path not in self._rgb:
            raise PhotoMissing("The file is gone.", operation="reading the photo", path=photo.path)
        return self._rgb[photo.path]


def _request(tmp_path: Path, kind: ExportKind, *hits, query: str = "red disc") -> ExportRequest:
    return ExportRequest(hits=hits, to=tmp_path / "out", kind=kind, query=query)


@pytest.mark.parametrize(
    ("kind", "mode", "suffix"),
    [
        (ExportKind.CUTOUT, "RGBA", ".png"),
        (ExportKind.MASK, "L", ".png"),
        (ExportKind.OVERLAY, "RGB", ".jpg"),
    ],
)
def test_pictures(tmp_path, make_disc, context, kind, mode, suffix):
    disc = make_disc()
    summary = exporter.run(_request(tmp_path, kind, disc.hit), Reader(disc), context)
    (written,) = summary.written
    assert written.name == f"disc - red disc - {kind.value}{suffix}"
    with Image.open(written) as picture:
        assert picture.mode == mode
        assert not picture.getexif() and "exif" not in picture.info
        profile = picture.info.get("icc_profile")
        if kind is ExportKind.MASK:
            assert profile is None, "a mask has no colours"
        else:
            opened = ImageCms.getOpenProfile(io.BytesIO(profile))
            assert ImageCms.getProfileDescription(opened).startswith("sRGB")
        if kind is not ExportKind.CUTOUT:
            assert picture.size == disc.photo.size_wh
    assert summary.problems == ()
    assert (context.progress.done, context.progress.total) == (1, 1)


def test_one_hit_that_fails_does_not_stop_the_others(tmp_path, make_disc, context):
    first, gone, last = make_disc("a.jpg"), make_disc("b.jpg"), make_disc("c.jpg")
    request = _request(tmp_path, ExportKind.CUTOUT, first.hit, gone.hit, last.hit)
    summary = exporter.run(request, Reader(first, last), context)
    assert [path.name[0] for path in summary.written] == ["a", "c"]
    (problem,) = summary.problems
    assert problem.path == gone.photo.path and problem.kind == "missing"
    assert len(list((tmp_path / "out").iterdir())) == 2


@pytest.mark.parametrize("kind", [ExportKind.CUTOUT, ExportKind.MASK])
def test_a_whole_photo_has_nothing_to_take_out(tmp_path, make_disc, context, kind):
    disc = make_disc()
    summary = exporter.run(_request(tmp_path, kind, disc.whole_hit), Reader(disc), context)
    assert summary.written == ()
    assert "Only the whole photo matched" in summary.problems[0].message


def test_a_photo_that_is_not_outlined_has_nothing_to_take_out_yet(tmp_path, make_disc, context):
    disc = make_disc()
    hit = replace(disc.whole_hit, outlined=False)
    summary = exporter.run(_request(tmp_path, ExportKind.CUTOUT, hit), Reader(disc), context)
    assert "not outlined yet" in summary.problems[0].message and summary.problems[0].hint


def test_a_whole_photo_as_overlay(tmp_path, make_disc, context):
    disc = make_disc()
    request = _request(tmp_path, ExportKind.OVERLAY, disc.whole_hit)
    summary = exporter.run(request, Reader(disc), context)
    with Image.open(summary.written[0]) as picture:
        assert np.abs(np.asarray(picture).astype(int) - disc.rgb)[5:20, 5:20].max() <= 4


def test_a_mask_needs_no_photo_file(tmp_path, make_disc, context):
    disc = make_disc()
    summary = exporter.run(_request(tmp_path, ExportKind.MASK, disc.hit), Reader(), context)
    assert len(summary.written) == 1 and summary.problems == ()


def test_twice_the_same_export_keeps_both(tmp_path, make_disc, context):
    disc = make_disc()
    request = _request(tmp_path, ExportKind.MASK, disc.hit)
    first = exporter.run(request, Reader(disc), context).written[0]
    stamp = first.stat().st_mtime_ns
    second = exporter.run(request, Reader(disc), context).written[0]
    assert second != first and first.stat().st_mtime_ns == stamp


def test_hostile_queries_and_stems_stay_inside(tmp_path, make_disc, context):
    disc = make_disc("..  \u202econ.jpg")
    request = _request(tmp_path, ExportKind.MASK, disc.hit, query="../../=cmd()|\x00 " + "x" * 300)
    (written,) = exporter.run(request, Reader(disc), context).written
    assert written.parent == (tmp_path / "out").resolve()
    assert len(written.name.encode()) <= 255 and "\u202e" not in written.name


@pytest.mark.parametrize("kind", list(ExportKind))
def test_cancelled_before_the_first_hit(tmp_path, make_disc, context, kind):
    disc = make_disc()
    context.cancel.cancel()
    with pytest.raises(Cancelled):
        exporter.run(_request(tmp_path, kind, disc.hit), Reader(disc), context)
    assert list((tmp_path / "out").iterdir()) == []


def test_cancelling_between_hits_leaves_whole_files(tmp_path, make_disc, context):
    first, second = make_disc("a.jpg"), make_disc("b.jpg")
    reader = Reader(first, second)

    def read_then_cancel(photo):
        context.cancel.cancel()
        return reader(photo)

    request = _request(tmp_path, ExportKind.CUTOUT, first.hit, second.hit)
    with pytest.raises(Cancelled):
        exporter.run(request, read_then_cancel, context)
    (left,) = (tmp_path / "out").iterdir()
    with Image.open(left) as picture:
        picture.load()


def test_coco_is_read_by_pycocotools(tmp_path, make_disc, context, capsys):
    small, large = make_disc("a.jpg"), make_disc("below/a.jpg", (2048, 1536))
    whole = make_disc("w.jpg")
    request = _request(tmp_path, ExportKind.COCO, small.hit, large.hit, whole.whole_hit)
    (written,) = exporter.run(request, Reader(), context).written
    assert written.name == "pickout - red disc.json"
    coco = COCO(str(written))
    names = [image["file_name"] for image in coco.loadImgs(coco.getImgIds())]
    assert names == ["a.jpg", "below/a.jpg", "w.jpg"]
    assert [c["name"] for c in coco.loadCats(coco.getCatIds())] == ["red disc"]
    annotations = coco.loadAnns(coco.getAnnIds())
    assert [a["image_id"] for a in annotations] == [1, 2]
    for annotation, disc in zip(annotations, (small, large), strict=True):
        mask = coco.annToMask(annotation).astype(bool)
        assert mask.shape == disc.mask_hw.shape
        assert (mask & disc.mask_hw).sum() / (mask | disc.mask_hw).sum() > 0.99
        assert annotation["area"] == mask.sum()
        x, y, width, height = annotation["bbox"]
        assert (x, y) == (np.nonzero(mask.any(0))[0][0], np.nonzero(mask.any(1))[0][0])
        assert (width, height) == (mask.any(0).sum(), mask.any(1).sum())
        assert annotation["score"] == disc.hit.score


def test_coco_leaves_out_a_damaged_mask(tmp_path, make_disc, context):
    good, bad = make_disc("a.jpg"), make_disc("b.jpg")
    damaged = replace(bad.region, rle=rle_codec.encode(np.zeros((120, 160), bool)))
    bad_hit = replace(bad.hit, region=damaged)
    request = _request(tmp_path, ExportKind.COCO, bad_hit, good.hit)
    summary = exporter.run(request, Reader(), context)
    document = json.loads(summary.written[0].read_text("ascii"))
    assert [a["image_id"] for a in document["annotations"]] == [2]
    assert [p.path for p in summary.problems] == [bad.photo.path]


def test_csv(tmp_path, make_disc, context):
    disc = make_disc("kätzchen.jpg")
    lost = make_disc("odd\udcff.jpg")
    hits = (disc.hit, replace(lost.whole_hit, reason="=1+1"))
    request = _request(tmp_path, ExportKind.CSV, *hits, query="@SUM(A1)")
    (written,) = exporter.run(request, Reader(), context).written
    rows = list(csv.DictReader(io.StringIO(written.read_text("utf-8-sig"), newline="")))
    assert [row["rank"] for row in rows] == ["1", "2"]
    assert rows[0]["path"] == str(disc.photo.path)
    assert rows[0]["query"] == "'@SUM(A1)" and rows[1]["reason"] == "'=1+1"
    assert (rows[0]["verdict"], rows[0]["probability"]) == ("match", "0.8300")
    assert float(rows[1]["score"]) == -0.2
    box = [float(rows[0][f"box_{side}"]) for side in ("x0", "y0", "x1", "y1")]
    assert box == pytest.approx(disc.region.box_xyxy.as_tuple(), abs=0.05)
    assert rows[1]["box_x0"] == ""


METADATA = PhotoMetadata(
    taken_at="2019-07-04T10:11:12",
    date_source=DateSource.NAME,
    latitude=-33.5,
    longitude=151.0,
    rating=-1,
    keywords=("=1+1", "Été"),
    caption="+two\nlines",
)


def test_lists_say_what_is_known_of_a_photo(tmp_path, make_disc, context):
    known, other = make_disc("a.jpg"), make_disc("b.jpg")
    other_photo = replace(other.photo, id=known.photo.id + 1)
    hits = (known.hit, replace(other.hit, photo=other_photo))
    metadata = {known.photo.id: METADATA}
    request = _request(tmp_path, ExportKind.CSV, *hits)
    (written,) = exporter.run(request, Reader(), context, metadata).written
    first, second = csv.DictReader(io.StringIO(written.read_text("utf-8-sig"), newline=""))
    assert (first["taken_at"], first["date_source"]) == ("2019-07-04T10:11:12", "name")
    assert (first["latitude"], first["rating"]) == ("-33.5", "-1")
    assert first["keywords"] == "'=1+1; Été" and first["caption"] == "'+two\nlines"
    assert second["taken_at"] == second["keywords"] == ""

    request = _request(tmp_path, ExportKind.COCO, *hits)
    (written,) = exporter.run(request, Reader(), context, metadata).written
    first, second = json.loads(written.read_text("ascii"))["images"]
    assert first["date_captured"] == "2019-07-04 10:11:12"
    assert first["metadata"]["keywords"] == ["=1+1", "Été"]
    assert first["metadata"]["date_source"] == "name" and "lens" not in first["metadata"]
    assert set(second) == {"id", "file_name", "width", "height"}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_formula_cells_are_made_inert(start):
    assert inert(f"{start}cmd") == f"'{start}cmd"
