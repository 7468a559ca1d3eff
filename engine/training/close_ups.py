"""Close views made of training photos: portraits and other pictures that one thing fills.

The annotated photos are mostly of scenes with many small things; people's own photos are often of
one thing, near, and cut by the frame. So parts of the photos are cut out as photos of their own.
"""

from __future__ import annotations

import numpy as np

from engine.masks.geometry import mask_box, scale_mask
from engine.training.training_photos import Instance, TrainingPhoto

LONGEST_PX = 640
SMALLEST_PX = 80
"""Of a thing's shorter side: smaller ones would be blur when they fill a photo."""
_LEFT = 0.2
"""Share of a thing that must lie within the view, unless what lies within fills a tenth of it."""


def close_ups(photo: TrainingPhoto, count: int, rng: np.random.Generator) -> list[TrainingPhoto]:
    """Up to ``count`` views of the larger things of one photo, each of another thing.

    A view shows a thing with little around it, or only its upper part, as portraits do.
    """
    large = [
        i
        for i in photo.instances
        if not i.crowd and min(i.box[2] - i.box[0], i.box[3] - i.box[1]) >= SMALLEST_PX
    ]
    picks = rng.permutation(len(large))[:count]
    return [_view(photo, large[k], f"{photo.name} near {k}", rng) for k in picks]


def _view(photo: TrainingPhoto, thing: Instance, name: str, rng) -> TrainingPhoto:
    import cv2

    height, width = photo.rgb.shape[:2]
    x0, y0, x1, y1 = thing.box
    wide, high = x1 - x0, y1 - y0
    if high > wide and rng.random() < 0.6:
        high = max(wide, high * float(rng.uniform(0.35, 0.8)))
    margin = float(rng.uniform(-0.08, 0.25))
    middle_x = (x0 + x1) / 2 + float(rng.uniform(-0.1, 0.1)) * wide
    left, right = middle_x - wide * (0.5 + margin), middle_x + wide * (0.5 + margin)
    top, bottom = y0 - high * max(margin, 0.02), y0 + high * (1 + margin)
    # Photos are no slits: a narrow view takes in what is beside or above it.
    slack = ((bottom - top) * float(rng.uniform(0.66, 1.2)) - (right - left)) / 2
    left, right = left - max(slack, 0), right + max(slack, 0)
    slack = ((right - left) * float(rng.uniform(0.6, 0.8)) - (bottom - top)) / 2
    top, bottom = top - max(slack, 0), bottom + max(slack, 0)
    a, b = max(0, round(left)), max(0, round(top))
    c, d = min(width, round(right)), min(height, round(bottom))
    scale = LONGEST_PX / max(c - a, d - b)
    size_wh = (max(1, round((c - a) * scale)), max(1, round((d - b) * scale)))
    rgb = cv2.resize(photo.rgb[b:d, a:c], size_wh, interpolation=cv2.INTER_CUBIC)
    seen = [_within(i, (a, b, c, d), photo.rgb.shape[:2], size_wh) for i in photo.instances]
    return TrainingPhoto(name, rgb, tuple(i for i in seen if i is not None))


def _within(instance: Instance, view, hw, size_wh: tuple[int, int]) -> Instance | None:
    """What of a thing lies within a view, in the view's own pixels; None if that is too little."""
    a, b, c, d = view
    mask = instance.full_mask(hw)[b:d, a:c]
    inside = int(mask.sum())
    if inside < _LEFT * int(instance.mask_hw.sum()) and inside < 0.1 * mask.size:
        return None
    drawn = scale_mask(mask, size_wh)
    tight = mask_box(drawn)
    if tight is None:
        return None
    x0, y0, x1, y1 = (int(side) for side in tight.as_tuple())
    return Instance(drawn[y0:y1, x0:x1].copy(), (x0, y0, x1, y1), instance.category, instance.crowd)
