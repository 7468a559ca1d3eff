"""Close views cut out of training photos: portraits and other pictures that one thing fills.

The annotated photos are mostly scenes with many small things. People's own photos often show one
thing, close, and cut by the frame. So parts of the photos are added to the training set as photos.
"""

from __future__ import annotations

import numpy as np

from engine.masks.geometry import mask_box, scale_mask
from engine.training.training_photos import Instance, TrainingPhoto

LONGEST_PX = 640
"""Longest side of a view."""
SMALLEST_PX = 80
"""Least shorter side of a thing's box: smaller things would be blurred when they fill a photo."""
_MIN_VISIBLE_SHARE = 0.2
"""A thing is kept if this share of it lies in the view, or if it fills a tenth of the view."""


def close_ups(photo: TrainingPhoto, count: int, rng: np.random.Generator) -> list[TrainingPhoto]:
    """Up to ``count`` views of the larger things of one photo, each of a different thing.

    A view shows a thing with a narrow margin, or only its upper part, as portraits do.
    """
    large = [
        i
        for i in photo.instances
        if not i.crowd and min(i.box[2] - i.box[0], i.box[3] - i.box[1]) >= SMALLEST_PX
    ]
    picks = rng.permutation(len(large))[:count]
    return [_close_up(photo, large[k], f"{photo.name} near {k}", rng) for k in picks]


def _close_up(
    photo: TrainingPhoto, thing: Instance, name: str, rng: np.random.Generator
) -> TrainingPhoto:
    """A view of one thing with a random margin, as a photo with the instances that it shows."""
    import cv2

    height, width = photo.rgb.shape[:2]
    x0, y0, x1, y1 = thing.box
    wide, high = x1 - x0, float(y1 - y0)
    if high > wide and rng.random() < 0.6:
        high = max(wide, high * float(rng.uniform(0.35, 0.8)))
    margin = float(rng.uniform(-0.08, 0.25))
    middle_x = (x0 + x1) / 2 + float(rng.uniform(-0.1, 0.1)) * wide
    left, right = middle_x - wide * (0.5 + margin), middle_x + wide * (0.5 + margin)
    top, bottom = y0 - high * max(margin, 0.02), y0 + high * (1 + margin)
    # Photos are not slits: a narrow view is widened to a photo's aspect ratio.
    slack = ((bottom - top) * float(rng.uniform(0.66, 1.2)) - (right - left)) / 2
    left, right = left - max(slack, 0), right + max(slack, 0)
    slack = ((right - left) * float(rng.uniform(0.6, 0.8)) - (bottom - top)) / 2
    top, bottom = top - max(slack, 0), bottom + max(slack, 0)
    a, b = max(0, round(left)), max(0, round(top))
    c, d = min(width, round(right)), min(height, round(bottom))
    scale = LONGEST_PX / max(c - a, d - b)
    size_wh = (max(1, round((c - a) * scale)), max(1, round((d - b) * scale)))
    rgb = cv2.resize(photo.rgb[b:d, a:c], size_wh, interpolation=cv2.INTER_CUBIC)
    height_width = photo.rgb.shape[0], photo.rgb.shape[1]
    visible = [_visible_part(i, (a, b, c, d), height_width, size_wh) for i in photo.instances]
    return TrainingPhoto(name, rgb, tuple(i for i in visible if i is not None))


def _visible_part(
    instance: Instance,
    view_xyxy: tuple[int, int, int, int],
    hw: tuple[int, int],
    size_wh: tuple[int, int],
) -> Instance | None:
    """The part of a thing that lies in a view, in the view's pixels; None if it is too small.

    Args:
        view_xyxy: the view's box in the photo.
        hw: size of the photo.
        size_wh: size of the view after scaling.
    """
    a, b, c, d = view_xyxy
    mask = instance.full_mask(hw)[b:d, a:c]
    inside = int(mask.sum())
    if inside < _MIN_VISIBLE_SHARE * int(instance.mask_hw.sum()) and inside < 0.1 * mask.size:
        return None
    scaled = scale_mask(mask, size_wh)
    tight = mask_box(scaled)
    if tight is None:
        return None
    x0, y0, x1, y1 = (int(side) for side in tight.as_tuple())
    return Instance(
        scaled[y0:y1, x0:x1].copy(), (x0, y0, x1, y1), instance.category, instance.crowd
    )
