"""Draws contact sheets: photos with masks, tiles with captions, rows and pages of tiles."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np

from engine.masks import geometry, outline
from engine.masks import rle as rle_codec
from engine.records import Rle

Colour = tuple[int, int, int]
BACKGROUND: Colour = (24, 24, 27)
TEXT: Colour = (235, 235, 235)
GOOD: Colour = (74, 222, 128)
BAD: Colour = (248, 90, 90)
UNCOUNTED: Colour = (160, 160, 170)
GAP_PX = 6
CAPTION_PX = 20
_FONT_PX = 14
_LINE_PX, _FRAME_PX = 2, 4
_FILL = 0.35
"""Opacity of a mask's colour inside its outline."""
_DIM_TO = 0.5
"""Brightness factor outside a highlighted thing."""


def distinct_colours(count: int) -> list[Colour]:
    """Bright colours; neighbours in the list differ much in hue."""
    golden = 0.618034
    parts = [colorsys.hsv_to_rgb((i * golden) % 1.0, 0.75, 1.0) for i in range(count)]
    return [(round(r * 255), round(g * 255), round(b * 255)) for r, g, b in parts]


def with_masks(photo_rgb: np.ndarray, masks: Sequence[tuple[Rle, Colour]]) -> np.ndarray:
    """The photo with masks filled and outlined, large ones below small ones.

    Args:
        photo_rgb: uint8 (H, W, 3), at the tile's size; not modified.
        masks: at any size of the same proportions.

    Returns:
        uint8 (H, W, 3).
    """
    height, width = photo_rgb.shape[:2]
    drawn = photo_rgb.copy()
    scaled = [
        (geometry.scale_mask(rle_codec.decode(rle), (width, height)), rle, colour)
        for rle, colour in masks
    ]
    for mask, rle, colour in sorted(scaled, key=lambda item: -int(item[0].sum())):
        mixed = drawn[mask] * (1 - _FILL) + np.array(colour) * _FILL
        drawn[mask] = np.rint(mixed).astype(np.uint8)
        _outline(drawn, rle, colour)
    return drawn


def with_highlight(photo_rgb: np.ndarray, rle: Rle | None, colour: Colour) -> np.ndarray:
    """The photo with everything outside the mask dimmed; None leaves the photo as it is."""
    if rle is None:
        return photo_rgb
    height, width = photo_rgb.shape[:2]
    mask = geometry.scale_mask(rle_codec.decode(rle), (width, height))
    drawn = np.where(mask[..., None], photo_rgb, (photo_rgb * _DIM_TO).astype(np.uint8))
    _outline(drawn, rle, colour)
    return drawn


def _outline(picture: np.ndarray, rle: Rle, colour: Colour) -> None:
    import cv2

    height, width = picture.shape[:2]
    points = [
        np.rint(polygon - 0.5).astype(np.int32).reshape(-1, 1, 2)
        for polygon in outline.outline_polygons(rle, (width, height))
    ]
    cv2.polylines(picture, points, True, colour, _LINE_PX, cv2.LINE_AA)


def tile(
    picture_rgb: np.ndarray | None,
    caption: str,
    side_px: int,
    *,
    text_colour: Colour = TEXT,
    frame: Colour | None = None,
) -> np.ndarray:
    """A square with the picture at its lower edge, and a caption of one line below it.

    Args:
        picture_rgb: uint8, at most ``side_px`` each way; None leaves the square empty.
        frame: colour of a line around the picture.

    Returns:
        uint8 (side_px + CAPTION_PX, side_px, 3).
    """
    canvas = np.empty((side_px + CAPTION_PX, side_px, 3), np.uint8)
    canvas[:] = BACKGROUND
    if picture_rgb is not None:
        height, width = picture_rgb.shape[:2]
        top, left = side_px - height, (side_px - width) // 2
        target = canvas[top : top + height, left : left + width]
        target[:] = picture_rgb
        if frame is not None:
            inner = target[_FRAME_PX:-_FRAME_PX, _FRAME_PX:-_FRAME_PX].copy()
            target[:] = frame
            target[_FRAME_PX:-_FRAME_PX, _FRAME_PX:-_FRAME_PX] = inner
    return _captioned(canvas, caption, side_px, text_colour)


def heading(text: str, width_px: int) -> np.ndarray:
    """A strip with one line of text; uint8 (CAPTION_PX, width_px, 3)."""
    strip = np.empty((CAPTION_PX, width_px, 3), np.uint8)
    strip[:] = BACKGROUND
    return _captioned(strip, text, 0, TEXT)


def _captioned(picture: np.ndarray, text: str, top_px: int, text_colour: Colour) -> np.ndarray:
    """A copy with a line of text, cut off at the edge of the picture."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(picture)
    font = ImageFont.load_default(_FONT_PX)
    ImageDraw.Draw(image).text((3, top_px + 1), text, fill=text_colour, font=font)
    return np.asarray(image)


def row(tiles: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Tiles of one size beside each other; columns without a tile stay empty."""
    height, width = tiles[0].shape[:2]
    canvas = np.empty((height, columns * width + (columns - 1) * GAP_PX, 3), np.uint8)
    canvas[:] = BACKGROUND
    for column, picture in enumerate(tiles):
        left = column * (width + GAP_PX)
        canvas[:, left : left + width] = picture
    return canvas


def page(strips: Sequence[np.ndarray]) -> np.ndarray:
    """Strips of one width below each other, with a margin; uint8 (H, W, 3)."""
    height = sum(len(strip) + GAP_PX for strip in strips) + GAP_PX
    canvas = np.empty((height, strips[0].shape[1] + 2 * GAP_PX, 3), np.uint8)
    canvas[:] = BACKGROUND
    top = GAP_PX
    for strip in strips:
        canvas[top : top + len(strip), GAP_PX:-GAP_PX] = strip
        top += len(strip) + GAP_PX
    return canvas
