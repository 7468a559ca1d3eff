"""Cut-outs: a region as a cropped RGBA picture at the photo's full resolution."""

from __future__ import annotations

import math

import numpy as np

from engine.export import matte, matting
from engine.jobs import CancelToken
from engine.records import Photo, Region

_FINE_MARGIN = 1.5 * matting.REACH
"""Room for hair around the outline's box, as a share of its longer side, and for some ground."""
_SOLID = 250
"""Opacity (0..255) from which a pixel's colour is taken to belong to the object alone."""


def make_cutout(photo_rgb: np.ndarray, photo: Photo, region: Region) -> np.ndarray:
    """Cut a region out of its photo.

    Args:
        photo_rgb: uint8 (H, W, 3), the upright photo at full size.

    Returns:
        uint8 (h, w, 4) RGBA with straight alpha. It holds no background colour: where alpha is 0
        the colour is 0, and in the soft edge it is that of the nearest inner pixel.

    Raises:
        ExportProblem: the photo's size changed, or the stored mask is unusable.
    """
    matte.check_photo_size(photo_rgb, photo)
    mask_hw = matte.region_mask(region)
    window = _window_around(mask_hw, photo.size_wh)
    alpha = matte.alpha_in_window(matte.soft_mask(mask_hw), photo.size_wh, window)
    x0, y0, x1, y1 = window
    rgba = np.zeros((*alpha.shape, 4), np.uint8)
    rgba[..., :3] = _clean_colours(photo_rgb[y0:y1, x0:x1], alpha)
    rgba[..., 3] = alpha
    return rgba


def make_fine_cutout(
    photo_rgb: np.ndarray, photo: Photo, region: Region, cancel: CancelToken | None = None
) -> np.ndarray:
    """As ``make_cutout``, with hair and fur: the opacity near the outline is worked out from the
    colours of the thing and its ground.

    Raises:
        Cancelled: nothing is half done.
    """
    matte.check_photo_size(photo_rgb, photo)
    mask_hw = matte.region_mask(region)
    x0, y0, x1, y1 = window = _window_around(mask_hw, photo.size_wh, _FINE_MARGIN)
    alpha = matte.alpha_in_window(matte.soft_mask(mask_hw), photo.size_wh, window)
    found = matting.make_matte(photo_rgb[y0:y1, x0:x1], alpha, cancel=cancel)
    return np.dstack([found.rgb, found.alpha])


def _window_around(
    mask_hw: np.ndarray, size_wh: tuple[int, int], share: float = 0.02
) -> matte.Window:
    """The mask's box in photo pixels, with a margin of a share of its longer side and at least
    four analysis pixels."""
    height, width = mask_hw.shape
    box = matte.tight_box(mask_hw)
    margin = max(4.0, share * max(box.width, box.height))
    scale_x, scale_y = size_wh[0] / width, size_wh[1] / height
    return (
        max(0, math.floor((box.x0 - margin) * scale_x)),
        max(0, math.floor((box.y0 - margin) * scale_y)),
        min(size_wh[0], math.ceil((box.x1 + margin) * scale_x)),
        min(size_wh[1], math.ceil((box.y1 + margin) * scale_y)),
    )


def _clean_colours(photo_rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Colours of the object; half-transparent pixels get the nearest solid pixel's, others black.

    An edge pixel mixes object and background, and would show as a rim on a new background.
    """
    import cv2

    solid = alpha >= min(_SOLID, int(alpha.max()))
    colours = np.zeros_like(photo_rgb)
    colours[solid] = photo_rgb[solid]
    edge = (alpha > 0) & ~solid
    if not edge.any():
        return colours
    _, nearest = cv2.distanceTransformWithLabels(
        (~solid).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    colour_of = np.zeros((int(nearest.max()) + 1, 3), np.uint8)
    colour_of[nearest[solid]] = photo_rgb[solid]
    colours[edge] = colour_of[nearest[edge]]
    return colours
