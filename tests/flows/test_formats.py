"""Every format and orientation through a library: thumbnail, mask, overlay and cut-out agree."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from engine.decode import formats
from engine.decode.icc_profile import ADOBE_RGB, write_profile
from engine.library import Library
from engine.masks import rle as rle_codec
from engine.records import ExportKind, ExportRequest
from tests.fakes import synthetic_photos
from tests.fakes.colour_models import COLOURS
from tests.fakes.dng_files import write_dng

from .conftest import PATIENCE_S, found

# How an upright photo is stored in the file, for each EXIF orientation.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
HEIF_TURNS = {1: 0, 8: 1, 3: 2, 6: 3}
"""Orientation -> anticlockwise quarters; a HEIF file says it in its container."""
SIZE_WH = (320, 240)


def scene() -> np.ndarray:
    """uint8 (240, 320, 3): a red flag of two rectangles, which no turning or mirroring leaves as it
    is, and a white line."""
    rgb = synthetic_photos.pixels(
        [("red", (40, 30, 120, 190)), ("red", (120, 30, 220, 80))], SIZE_WH
    )
    rgb[-6:] = 255  # a camera's brightness is adapted to what is brightest
    return rgb


def red(rgb: np.ndarray) -> np.ndarray:
    """bool (H, W): pixels that are rather red than grey."""
    values = rgb.astype(int)
    return values[..., 0] - values[..., 1:3].max(axis=-1) > 95


def as_size(mask: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    picture = Image.fromarray(mask.astype(np.uint8) * 255)
    return np.asarray(picture.resize(size_wh, Image.Resampling.BILINEAR)) >= 128


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / max(1, (a | b).sum()))


def save_heic(path: Path, stored: Image.Image, orientation: int) -> None:
    formats.pillow_formats()
    stored.save(path, quality=95)
    # A property that is not needed makes room for the rotation.
    pixel_information = b"\0\0\0\x10pixi\0\0\0\0\x03\x08\x08\x08"
    turn = b"\0\0\0\x10irot" + bytes([HEIF_TURNS[orientation]]) + bytes(7)
    path.write_bytes(path.read_bytes().replace(pixel_information, turn))


def write_photos(folder: Path) -> set[str]:
    """A photo of the scene in every format and orientation; returns their names."""
    kinds = ["jpg", "mpo", "png", "webp", "tif", "heic", "dng", "preview.dng", "jp2", "jxl"]
    if features.check("avif"):
        kinds.append("avif")
    for kind in kinds:
        for orientation, transpose in STORED.items():
            path = folder / f"{orientation}.{kind}"
            stored = Image.fromarray(scene())
            stored = stored if transpose is None else stored.transpose(transpose)
            exif = Image.Exif()
            exif[0x0112] = orientation
            if kind == "heic":
                if orientation in HEIF_TURNS and "HEIF" in formats.pillow_formats():
                    save_heic(path, stored, orientation)
            elif kind.endswith("dng"):
                large = np.asarray(stored).repeat(2, axis=0).repeat(2, axis=1)
                preview = np.asarray(stored) if kind == "preview.dng" else None
                # Photos of one moment that look alike are one hit.
                day = orientation + (10 if preview is None else 0)
                taken_at = f"2019:07:{day:02} 10:11:12"
                write_dng(path, large, orientation=orientation, preview=preview, taken_at=taken_at)
            elif kind == "jp2":
                if orientation == 1 and features.check("jpg_2000"):
                    stored.save(path)
            elif kind == "jxl":
                if "JXL" in formats.pillow_formats():
                    with Image.open(folder / f"{orientation}.jpg") as jpeg:
                        jpeg.save(path, lossless_jpeg=True)
            else:
                options = {"save_all": True, "append_images": [stored]} if kind == "mpo" else {}
                stored.save(path, exif=exif, quality=95, **options)
    for path in folder.iterdir():
        synthetic_photos.aged(path, 100)
    return {path.name for path in folder.iterdir()}


@pytest.mark.long
def test_thumbnail_mask_overlay_and_cutout_agree(
    library: Library, photos: Path, tmp_path: Path
) -> None:
    written = write_photos(photos)
    library.folders.add(photos)
    status = library.indexing.start().result(PATIENCE_S)
    assert (status.searchable, status.problems) == (len(written), 0)
    hits = {hit.photo.path.name: hit for hit in found(library, "red", limit=500).hits}
    assert set(hits) == written
    truth = red(scene())
    exports = {
        kind: library.exports.start(
            ExportRequest(hits=tuple(hits.values()), to=tmp_path / kind.value, kind=kind)
        ).result(PATIENCE_S)
        for kind in (ExportKind.OVERLAY, ExportKind.CUTOUT, ExportKind.MASK)
    }
    assert all(not summary.problems for summary in exports.values())
    by_kind = {
        kind: dict(zip(hits, summary.written, strict=True)) for kind, summary in exports.items()
    }
    worst: dict[str, float] = {}
    for name, hit in hits.items():
        assert hit.photo.size_wh == SIZE_WH, name
        assert hit.region is not None
        with Image.open(by_kind[ExportKind.OVERLAY][name]) as picture:
            overlay = np.asarray(picture.convert("RGB"))
        with Image.open(by_kind[ExportKind.MASK][name]) as picture:
            mask = np.asarray(picture) >= 128
        agreements = {
            "viewer": iou(red(library.photos.read(hit.photo.id)), truth),
            "stored mask": iou(as_size(rle_codec.decode(hit.region.rle), SIZE_WH), truth),
            "mask": iou(mask, truth),
            "overlay": iou(outlined(overlay), with_line(truth)),
            "cut-out": iou(cut_out(by_kind[ExportKind.CUTOUT][name], hit.region), truth),
            "thumbnail": iou(red(thumbnail(library, hit.photo.id)), truth),
        }
        for what, value in agreements.items():
            worst[what] = min(value, worst.get(what, 1.0))
            assert value >= 0.99, (name, what, value)
    print(f"{len(hits)} photos, least agreement:", worst)


def outlined(overlay: np.ndarray) -> np.ndarray:
    """bool (H, W): what is not dimmed, and the line around it."""
    import cv2

    bright = (overlay.max(axis=2) >= 150).astype(np.uint8)
    bright[-8:] = 0  # the white line of the scene
    # The dark stroke beside the bright one belongs to it.
    return cv2.morphologyEx(bright, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)).astype(bool)


def with_line(mask: np.ndarray) -> np.ndarray:
    """The mask and the outer half of a line of two pixels."""
    import cv2

    return cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)


def thumbnail(library: Library, photo_id: int) -> np.ndarray:
    with Image.open(io.BytesIO(library.photos.thumbnail(photo_id))) as picture:
        return np.asarray(picture.convert("RGB"))


def cut_out(path: Path, region) -> np.ndarray:
    """bool (240, 320): where the cut-out lies in its photo."""
    with Image.open(path) as picture:
        alpha = np.asarray(picture)[..., 3] >= 128
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    alpha = alpha[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    placed = np.zeros(SIZE_WH[::-1], bool)
    top, left = round(region.box_xyxy.y0), round(region.box_xyxy.x0)
    height, width = min(alpha.shape[0], 240 - top), min(alpha.shape[1], 320 - left)
    placed[top : top + height, left : left + width] = alpha[:height, :width]
    return placed


def test_a_photo_in_adobe_rgb_has_the_same_colours_everywhere(
    open_library: Callable[..., Library], photos: Path, tmp_path: Path
) -> None:
    library = open_library()
    rgb = synthetic_photos.pixels([("green", (40, 30, 120, 190))], SIZE_WH)
    Image.fromarray(rgb).save(photos / "a.png", icc_profile=write_profile(ADOBE_RGB))
    synthetic_photos.aged(photos / "a.png", 100)
    library.folders.add(photos)
    library.indexing.start().result(PATIENCE_S)
    (hit,) = found(library, "green").hits
    seen = library.photos.read(hit.photo.id)[100, 80].astype(int)
    assert np.abs(seen - COLOURS["green"]).max() > 20, "it was converted"
    assert np.abs(thumbnail(library, hit.photo.id)[100, 80] - seen).max() <= 3
    for kind in (ExportKind.CUTOUT, ExportKind.OVERLAY):
        request = ExportRequest(hits=(hit,), to=tmp_path / kind.value, kind=kind)
        (path,) = library.exports.start(request).result(PATIENCE_S).written
        with Image.open(path) as picture:
            middle = picture.convert("RGB").getpixel(
                (80, 100) if kind is ExportKind.OVERLAY else (picture.width // 2,) * 2
            )
        assert np.abs(np.subtract(middle, seen)).max() <= 3


def test_broken_camera_raw_files_are_told(library: Library, photos: Path) -> None:
    for suffix in formats.RAW_SUFFIXES:
        path = photos / f"broken{suffix.upper()}"
        path.write_bytes(b"no raw photo" * 99 + suffix.encode())
        synthetic_photos.aged(path, 100)
    library.folders.add(photos)
    status = library.indexing.start().result(PATIENCE_S)
    assert (status.problems, status.searchable) == (len(formats.RAW_SUFFIXES), 0)
    assert {problem.kind for problem in library.indexing.problems()} == {"unreadable"}
