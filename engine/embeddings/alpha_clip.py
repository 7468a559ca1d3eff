"""Alpha-CLIP: regions and texts as unit vectors of CLIP's space.

After Sun et al., "Alpha-CLIP: A CLIP Model Focusing on Wherever You Want" (2023): the mask is a
fourth channel that tells the image network where to look; the text network is CLIP's, untouched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.embeddings import clip_towers
from engine.embeddings.embedder import PhotoVectors
from engine.embeddings.square_view import Geometry, SquareView
from engine.weights.device import choose_device, in_batches

if TYPE_CHECKING:
    from torch import nn

TEMPLATES = ("{}", "a photo of {}.", "a close-up photo of {}.", "a cropped photo of {}.")
"""A query is embedded in each of these and the mean taken: captions that CLIP has read a lot of.
No article is added, because people type phrases ("the dog on the left") and plurals."""
_BATCH_BYTES = 256 << 20


@dataclass(frozen=True)
class RegionSettings:
    """What is shown to the network of a region; changes vectors, so it is part of a profile's key.

    Attributes:
        geometry: how a photo becomes square.
        crop_below: regions of a smaller share of the photo, 0..1, are shown in a crop around them.
            0, the default: never. Not measured with the published weights yet, so off.
        crop_context: side of that crop in multiples of the region's longer side.
    """

    geometry: Geometry = Geometry.LETTERBOX
    crop_below: float = 0.0
    crop_context: float = 3.0


DEFAULT_SETTINGS = RegionSettings()


class AlphaClipRegionEmbedder:
    """A ``RegionEmbedder``. ``embed_whole`` is the vector of a mask that covers the photo."""

    def __init__(self, tower: nn.Module, settings: RegionSettings = DEFAULT_SETTINGS) -> None:
        """``tower`` as from `clip_towers.load_image_tower`."""
        self._tower = tower
        self._settings = settings
        self._view = SquareView(tower.image_size[0], settings.geometry)
        self.ndim: int = tower.output_dim
        patches, width = tower.positional_embedding.shape
        # The widest activation, four times the width, in float32 and about three times at once.
        self._batch = max(1, _BATCH_BYTES // (patches * width * 4 * 4 * 3))

    def embed(self, photo_rgb: np.ndarray, masks_hw: Sequence[np.ndarray]) -> PhotoVectors:
        """See ``RegionEmbedder``; the photo and its regions in as few batches as memory allows."""
        photo = self._view.photo(photo_rgb)
        everything = np.ones(photo_rgb.shape[:2], np.bool_)

        def run(masks: Sequence[np.ndarray]) -> np.ndarray:
            pictures = [self._picture(photo_rgb, photo, mask) for mask in masks]
            return self.embed_pictures(np.stack(pictures))

        vectors = np.concatenate(list(in_batches([everything, *masks_hw], self._batch, run)))
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return PhotoVectors(vectors[0], vectors[1:])

    def embed_whole(self, photo_rgb: np.ndarray) -> np.ndarray:
        """See ``RegionEmbedder``."""
        return self.embed(photo_rgb, ()).whole

    def embed_pictures(self, pictures: np.ndarray) -> np.ndarray:
        """float32 (B, 4, S, S), normalised photo and mask, to float32 (B, D), not normalised."""
        import torch

        weights = self._tower.conv1.weight
        with torch.inference_mode():
            out = self._tower(torch.from_numpy(pictures).to(weights.device, weights.dtype))
        return out.float().cpu().numpy()

    def _picture(self, photo_rgb: np.ndarray, photo: np.ndarray, mask_hw: np.ndarray) -> np.ndarray:
        if mask_hw.shape != photo_rgb.shape[:2]:
            raise ValueError(f"expected a mask of {photo_rgb.shape[:2]}, got {mask_hw.shape}")
        if 0 < mask_hw.mean() < self._settings.crop_below:
            rows, columns = _around(mask_hw, self._settings.crop_context)
            crop = np.ascontiguousarray(photo_rgb[rows, columns])
            photo, mask_hw = self._view.photo(crop), mask_hw[rows, columns]
        return np.concatenate([photo, self._view.mask(mask_hw)])


class ClipTextEmbedder:
    """A ``TextEmbedder`` that says when a query is too long to be read to its end."""

    def __init__(self, tower: nn.Module, templates: Sequence[str] = TEMPLATES) -> None:
        """``tower`` as from `clip_towers.load_text_tower`."""
        self._tower = tower
        self._templates = tuple(templates)
        self._tokenizer = clip_towers.load_tokenizer(tower.context_length)
        self.ndim: int = tower.text_projection.shape[1]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """See ``TextEmbedder``; unit vectors, the mean over the templates."""
        vectors = np.empty((len(texts), self.ndim), np.float32)
        for row, text in enumerate(texts):
            each = self.embed_tokens(self.tokens(self._phrasings(text)))
            each /= np.maximum(np.linalg.norm(each, axis=1, keepdims=True), 1e-12)
            mean = each.mean(0)
            vectors[row] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return vectors

    def tokens(self, texts: Sequence[str]) -> np.ndarray:
        """int64 (len(texts), context length): begin, words, end, zeros; cut where too long."""
        return self._tokenizer(list(texts)).numpy()

    def embed_tokens(self, tokens: np.ndarray) -> np.ndarray:
        """int64 (B, context length) to float32 (B, D), not normalised."""
        import torch

        with torch.inference_mode():
            out = self._tower(torch.from_numpy(tokens).to(self._tower.text_projection.device))
        return out.float().cpu().numpy()

    def remarks(self, text: str) -> str:
        """See ``Remarking``."""
        room = self._tower.context_length - 2
        if len(self._tokenizer.encode(text)) <= room:
            return ""
        return "The text is longer than the models can read; only its beginning counts."

    def _phrasings(self, text: str) -> list[str]:
        """A long text goes alone: the words of a template would push out more of its own."""
        # replace, not format: people type braces too
        filled = [template.replace("{}", text) for template in self._templates]
        room = self._tower.context_length - 2
        fits = all(len(self._tokenizer.encode(one)) <= room for one in filled)
        return filled if fits else [text]


def load_region_embedder(
    clip_file: Path,
    alpha_file: Path,
    *,
    device: str = "auto",
    settings: RegionSettings = DEFAULT_SETTINGS,
) -> AlphaClipRegionEmbedder:
    """Load Alpha-CLIP's image network.

    Raises:
        ModelMissing, ModelBroken, BadRequest: as for the towers and the device.
    """
    place = choose_device(device)
    tower = clip_towers.load_image_tower(clip_file, alpha_file, place.name, place.dtype)
    return AlphaClipRegionEmbedder(tower, settings)


def load_text_embedder(clip_file: Path, *, device: str = "cpu") -> ClipTextEmbedder:
    """Load CLIP's text network; one query is quick enough for the processor.

    Raises:
        ModelMissing, ModelBroken, BadRequest: as for the towers and the device.
    """
    place = choose_device(device)
    return ClipTextEmbedder(clip_towers.load_text_tower(clip_file, place.name, place.dtype))


def _around(mask_hw: np.ndarray, context: float) -> tuple[slice, slice]:
    """Rows and columns of a square around a mask, moved inside the photo where it sticks out."""
    rows, columns = np.flatnonzero(mask_hw.any(1)), np.flatnonzero(mask_hw.any(0))
    height, width = rows[-1] + 1 - rows[0], columns[-1] + 1 - columns[0]
    side = int(np.ceil(context * max(height, width)))
    return (
        _span(rows[0] + height / 2, side, mask_hw.shape[0]),
        _span(columns[0] + width / 2, side, mask_hw.shape[1]),
    )


def _span(centre: float, side: int, limit: int) -> slice:
    side = min(side, limit)
    start = min(max(0, round(centre - side / 2)), limit - side)
    return slice(start, start + side)
