"""Alpha mattes: how much of each pixel along an outline belongs to the thing, for hair and fur.

Near the outline the colours of the thing and of its ground are estimated from what surely belongs
to one or the other, as local means of colour and variance; a pixel's opacity is its place between
the two colours (the compositing equation, as in Chuang et al. 2001, "A Bayesian approach to digital
matting"). Pixels that are then surely one or the other refine both estimates. Colours are estimated
at a reduced size, because they vary slowly, opacity at full size. Where both colours are alike, or
vary as much as they differ, the outline's own soft edge is kept.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.export import matte
from engine.jobs import CancelToken

REACH = 0.04
"""How far hair may stand out from the outline, as a share of the picture's longer side."""
_INSIDE = 0.02
"""How far the outline may lie outside of the thing, as a share of the same."""
_MODEL_PX = 512
"""Longer side at which colours are estimated."""
_ROUNDS = 3
_WINDOWS_PX = (3, 6, 12, 30, 90)
"""Radii of the windows of local means, at the size above; wider ones where these hold too few."""
_ENOUGH = 30
"""So many pixels of a thing or ground make a mean that needs no wider window."""
_SURE_POWER = 16
"""Pixels count as thing or ground by this power of their share of it."""
_NOISE = 1.3
"""Shares within so many standard deviations of a colour are that colour."""
_LEAST_CONTRAST = 0.002
"""Squared distance of colours (0..1 each) below which opacity is not read from them."""
_CONNECTED = 0.2
"""What is less opaque does not connect: specks of the ground that look like the thing are left
out unless they hang together with it."""
_TILE_ROWS = 512


class Matte(NamedTuple):
    """A thing without its ground.

    Attributes:
        alpha: uint8 (H, W), opacity. rgb: uint8 (H, W, 3), the thing's own colours, without those
        of the ground behind half-transparent pixels.
    """

    alpha: np.ndarray
    rgb: np.ndarray


class _Colours(NamedTuple):
    """Local means of colour, float32 (H, W, 3), and variances, float32 (H, W), of 0..1 values."""

    thing: np.ndarray
    ground: np.ndarray
    thing_variance: np.ndarray
    ground_variance: np.ndarray


def make_matte(
    rgb: np.ndarray,
    alpha: np.ndarray,
    reach: float = REACH,
    cancel: CancelToken | None = None,
) -> Matte:
    """The matte of a thing. About 0.3 s a megapixel; 0.4 GB beside a picture of 12 megapixels.

    Args:
        rgb: uint8 (H, W, 3), the thing and as much of its ground around it as ``reach``.
        alpha: uint8 (H, W), opacity by the outline alone.
        reach: how far hair may stand out, as a share of the longer side.

    Raises:
        Cancelled: nothing is half done.
    """
    import cv2

    height, width = alpha.shape
    scale = min(1.0, _MODEL_PX / max(height, width))
    size_wh = max(1, round(width * scale)), max(1, round(height * scale))
    prior = cv2.resize(alpha, size_wh, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    thing, ground = _surely(prior >= 0.5, reach)
    if not thing.any() or not ground.any():  # nothing to learn one of the colours from
        return Matte(alpha.copy(), rgb.copy())
    small = cv2.resize(rgb, size_wh, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    colours = _estimate(small, prior, thing, ground, cancel)
    known = np.dstack([thing, ground]).astype(np.float32)
    return _at_full_size(rgb, alpha, colours, known, cancel)


def _surely(mask: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """What is surely thing and what is surely ground, bool (H, W) each."""
    side = max(mask.shape)
    inside, outside = max(1, round(_INSIDE * side)), max(2, round(reach * side))
    return _grown(mask, -inside), ~_grown(mask, outside)


def _grown(mask: np.ndarray, by_px: int) -> np.ndarray:
    import cv2

    size = 2 * abs(by_px) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    change = cv2.dilate if by_px > 0 else cv2.erode
    return np.asarray(change(mask.astype(np.uint8), disc)) > 0


def _estimate(
    rgb: np.ndarray,
    prior: np.ndarray,
    thing: np.ndarray,
    ground: np.ndarray,
    cancel: CancelToken | None,
) -> _Colours:
    """Colours of thing and ground everywhere, float32 0..1 ``rgb`` (H, W, 3) and ``prior``."""
    side = max(prior.shape)
    wide = tuple(max(4, round(share * side)) for share in (0.06, 0.12, 0.25, 1.0))
    unknown = ~(thing | ground)
    of_thing, of_ground = thing.astype(np.float32), ground.astype(np.float32)
    for step in range(_ROUNDS):
        if cancel is not None:
            cancel.raise_if_set()
        radii = (*_WINDOWS_PX, *wide) if step else wide
        (of_one, spread), (of_other, other_spread) = (
            _local(rgb, weight, radii) for weight in (of_thing, of_ground)
        )
        colours = _Colours(of_one, of_other, spread, other_spread)
        share, trust = _share_of_thing(rgb, colours)
        share = trust * share + (1 - trust) * prior
        of_thing = np.where(unknown, trust * share**_SURE_POWER, thing).astype(np.float32)
        of_ground = np.where(unknown, trust * (1 - share) ** _SURE_POWER, ground).astype(np.float32)
    return colours


def _local(
    rgb: np.ndarray, weight: np.ndarray, radii: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Local weighted mean colour and variance. Each pixel has those of the smallest windows that
    hold enough, and of wider ones as far as they do not."""
    import cv2

    weighted = np.dstack([rgb * weight[..., None], weight, (rgb**2).sum(-1) * weight])
    mean = np.zeros_like(rgb)
    variance, filled = np.zeros_like(weight), np.zeros_like(weight)
    for radius in radii:
        side = 2 * radius + 1
        sums = cv2.blur(weighted, (side, side), borderType=cv2.BORDER_REFLECT)
        held = np.maximum(sums[..., 3], 1e-7)
        of_window = sums[..., :3] / held[..., None]
        spread = np.maximum(sums[..., 4] / held - (of_window**2).sum(-1), 0)
        left = np.maximum(1 - filled, 0)
        share = left * np.minimum(1, np.maximum(sums[..., 3], 0) * side**2 / _ENOUGH)
        if radius == radii[-1]:
            share = left
        mean += share[..., None] * of_window
        variance += share * spread
        filled += share
    return mean, variance


def _share_of_thing(rgb: np.ndarray, colours: _Colours) -> tuple[np.ndarray, np.ndarray]:
    """Share of the thing in each pixel by its colour, and how far that can be trusted, 0..1."""
    away = colours.thing - colours.ground
    contrast = (away**2).sum(-1)
    divisor = np.maximum(contrast, 1e-5)
    share = ((rgb - colours.ground) * away).sum(-1) / divisor
    low, high = (
        np.minimum(_NOISE * np.sqrt(variance / 3 / divisor), 0.45)
        for variance in (colours.ground_variance, colours.thing_variance)
    )
    share = np.clip((share - low) / (1 - low - high), 0, 1)
    noise = (colours.thing_variance * share + colours.ground_variance * (1 - share)) / 3
    return share, (contrast / (contrast + 16 * noise + _LEAST_CONTRAST)) ** 2


def _at_full_size(
    rgb: np.ndarray,
    alpha: np.ndarray,
    colours: _Colours,
    known: np.ndarray,
    cancel: CancelToken | None,
) -> Matte:
    """Opacity and colours of every pixel, in strips, so that large photos fit into memory."""
    height, width = alpha.shape
    found = np.empty_like(alpha)
    cleaned = rgb.copy()
    for top in range(0, height, _TILE_ROWS):
        if cancel is not None:
            cancel.raise_if_set()
        rows = slice(top, min(top + _TILE_ROWS, height))
        window = (0, top, width, rows.stop)
        thing, ground = np.moveaxis(matte.scaled_window(known, (width, height), window), 2, 0)
        if not ((thing < 1) & (ground < 1)).any():
            found[rows] = np.where(thing >= 1, 255, 0)
            continue
        strip = rgb[rows].astype(np.float32) / 255
        local = _Colours(
            *(matte.scaled_window(values, (width, height), window) for values in colours)
        )
        share, trust = _share_of_thing(strip, local)
        share = trust * share + (1 - trust) * (alpha[rows].astype(np.float32) / 255)
        share = share * (1 - thing) * (1 - ground) + thing
        found[rows] = np.rint(np.clip(share, 0, 1) * 255)
        own = strip + (1 - share)[..., None] * (local.thing - local.ground)
        cleaned[rows] = np.rint(np.clip(own, 0, 1) * 255)
    found[~_connected(found)] = 0
    cleaned[found == 0] = 0
    return Matte(found, cleaned)


def _connected(alpha: np.ndarray) -> np.ndarray:
    """bool (H, W): what hangs together with a solid part of the thing."""
    import cv2

    _, labels = cv2.connectedComponents((alpha > _CONNECTED * 255).astype(np.uint8), connectivity=8)
    solid = np.bincount(labels[alpha >= 250], minlength=int(labels.max()) + 1) > 0
    sizes = np.bincount(labels.ravel())
    solid &= sizes >= 0.01 * max(1, sizes[1:].max(initial=0))
    solid[0] = False
    # Also the faint rim around what is kept.
    return _grown(solid[labels], 1)
