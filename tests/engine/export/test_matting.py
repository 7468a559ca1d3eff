"""Mattes of hair and fur: compared with composites whose opacity is known."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import Cancelled
from engine.export import matte, matting
from engine.jobs import CancelToken

SIDE = 640


def surface(rng: np.random.Generator, colour: np.ndarray, spread: float) -> np.ndarray:
    """A patchy surface of about one colour, float32 (SIDE, SIDE, 3), 0..255."""
    import cv2

    found = np.zeros((SIDE, SIDE, 3), np.float32)
    for size, weight in ((8, 0.5), (32, 0.3), (128, 0.2)):
        patches = rng.standard_normal((size, size, 3)).astype(np.float32)
        found += weight * cv2.resize(patches, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.clip(colour + spread * found + 2 * rng.standard_normal(found.shape), 0, 255)


def furry(rng: np.random.Generator, hairs: int, length: float) -> np.ndarray:
    """Opacity float32 (SIDE, SIDE) of a round thing with hairs, drawn at twice the size.

    Args:
        length: of the longest hair, as a share of the picture's side.
    """
    import cv2

    big = 2 * SIDE
    drawn = np.zeros((big, big), np.uint8)
    angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    waves = sum(0.05 * rng.standard_normal() * np.cos((i + 1) * angles + i) for i in range(6))
    radii = 0.28 * big * (1 + waves)
    middle = np.array([big / 2, big / 2])
    body = middle + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    cv2.fillPoly(drawn, [np.round(body).astype(np.int32)], 255)
    for _ in range(hairs):
        angle = rng.uniform(0, 2 * np.pi)
        radius = radii[int(angle / (2 * np.pi) * 200) % 200] * 0.98
        points = [middle + radius * np.array([np.cos(angle), np.sin(angle)])]
        heading = angle + rng.normal(0, 0.35)
        step = big * length * rng.uniform(0.2, 1) / 6
        for _ in range(6):
            heading += rng.normal(0, 0.12)
            points.append(points[-1] + step * np.array([np.cos(heading), np.sin(heading)]))
        hair = np.round(np.array(points) * 8).astype(np.int32)
        shade, width = int(rng.uniform(90, 255)), int(rng.choice([1, 1, 2, 3]))
        cv2.polylines(drawn, [hair], False, shade, width, cv2.LINE_AA, 3)
    return cv2.resize(drawn, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def outlined(opacity: np.ndarray) -> np.ndarray:
    """Opacity uint8 by the outline alone: a mask at half the size, as masks are stored."""
    import cv2

    small = cv2.resize(opacity, (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_AREA) >= 0.5
    return matte.alpha_in_window(matte.soft_mask(small), (SIDE, SIDE), (0, 0, SIDE, SIDE))


def composite(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Picture uint8 (SIDE, SIDE, 3), opacity 0..1 and the thing's own colours 0..255."""
    rng = np.random.default_rng(seed)
    opacity = furry(rng, *((700, 0.05) if seed % 2 else (2000, 0.04)))
    colour, ground = rng.uniform(40, 215, 3), rng.uniform(40, 215, 3)
    while np.abs(colour - ground).max() < 60:
        ground = rng.uniform(40, 215, 3)
    thing, behind = surface(rng, colour, 14), surface(rng, ground, 22)
    mixed = opacity[..., None] * thing + (1 - opacity[..., None]) * behind
    return np.clip(mixed, 0, 255).astype(np.uint8), opacity, thing


def error(alpha: np.ndarray, opacity: np.ndarray) -> float:
    return float(np.abs(alpha / 255 - opacity).mean())


@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 20))]
)
def test_hair_and_fur_have_at_most_half_the_error_of_the_outline(seed: int) -> None:
    picture, opacity, thing = composite(seed)
    by_outline = outlined(opacity)
    found = matting.make_matte(picture, by_outline)
    assert error(found.alpha, opacity) <= 0.5 * error(by_outline, opacity)
    # Half-transparent pixels show the thing's colour, not the ground's.
    edge = (found.alpha > 60) & (found.alpha < 200)
    assert edge.any()
    off, mixed_off = (
        float(np.abs(colours[edge].astype(np.float64) - thing[edge]).mean())
        for colours in (found.rgb, picture)
    )
    assert off < mixed_off


def test_a_sharp_thing_stays_as_it_is() -> None:
    rng = np.random.default_rng(1)
    opacity = furry(rng, 0, 0.0)
    thing, ground = (surface(rng, np.array(c), 6) for c in ((200, 60, 60), (60, 60, 200)))
    picture = (opacity[..., None] * thing + (1 - opacity[..., None]) * ground).astype(np.uint8)
    found = matting.make_matte(picture, outlined(opacity))
    assert error(found.alpha, opacity) <= error(outlined(opacity), opacity)


def test_where_thing_and_ground_look_alike_the_outline_is_kept() -> None:
    rng = np.random.default_rng(2)
    picture = surface(rng, np.array([120, 120, 120]), 20).astype(np.uint8)
    by_outline = outlined(furry(rng, 0, 0.0))
    assert error(matting.make_matte(picture, by_outline).alpha, by_outline / 255) < 0.01


@pytest.mark.parametrize("opaque", [0, 255])
def test_nothing_can_be_learned_without_thing_or_ground(opaque: int) -> None:
    picture = np.full((40, 60, 3), 90, np.uint8)
    alpha = np.full((40, 60), opaque, np.uint8)
    assert (matting.make_matte(picture, alpha).alpha == alpha).all()


@pytest.mark.parametrize("size_hw", [(1, 1), (3, 700), (700, 3), (1500, 40), (4, 33_000)])
def test_any_shape_of_picture_has_a_matte(size_hw: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (*size_hw, 3), np.uint8)
    alpha = np.zeros(size_hw, np.uint8)
    alpha[: size_hw[0] // 2 + 1, : size_hw[1] // 2 + 1] = 255
    found = matting.make_matte(picture, alpha)
    assert found.alpha.shape == size_hw and found.rgb.shape == (*size_hw, 3)


def test_it_can_be_cancelled() -> None:
    cancel = CancelToken()
    cancel.cancel()
    picture, opacity, _ = composite(0)
    with pytest.raises(Cancelled):
        matting.make_matte(picture, outlined(opacity), cancel=cancel)
