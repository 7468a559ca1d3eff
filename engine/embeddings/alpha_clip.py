"""Alpha-CLIP: embeds regions and texts as unit vectors of CLIP's space.

See Sun et al., "Alpha-CLIP: A CLIP Model Focusing on Wherever You Want" (2023). The mask is a
fourth input channel of the image network; the text network is that of CLIP.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.embeddings import clip_towers
from engine.embeddings.embedder import PhotoVectors
from engine.embeddings.square_view import Geometry, SquareView
from engine.weights.device import PROCESSOR, Device, DevicePlacement, choose_device, in_batches

if TYPE_CHECKING:
    from torch import nn

TEMPLATES = ("{}", "a photo of {}.", "a close-up photo of {}.", "a cropped photo of {}.")
"""A query's vector is the mean over these templates, frequent forms of CLIP's training captions. No
article is added, because queries can be phrases ("the dog on the left") and plurals."""
_BATCH_BYTES = 256 << 20
"""Memory for the activations of one batch."""


@dataclass(frozen=True)
class RegionSettings:
    """How a region is presented to the network; changes vectors, so it is part of a profile's key.

    Attributes:
        geometry: how a photo becomes square.
        crop_below: regions below this share of the photo, 0..1, are embedded from a crop around
            them. 0, the default, means never: it is not measured with the published weights yet.
        crop_context: side of that crop in multiples of the region's longer side.
    """

    geometry: Geometry = Geometry.LETTERBOX
    crop_below: float = 0.0
    crop_context: float = 3.0


DEFAULT_SETTINGS = RegionSettings()


class AlphaClipRegionEmbedder:
    """A ``RegionEmbedder``. The vector of the whole photo is that of a mask that covers it."""

    def __init__(
        self,
        tower: nn.Module,
        settings: RegionSettings = DEFAULT_SETTINGS,
        device: Device = PROCESSOR,
    ) -> None:
        """Wrap a network of `clip_towers.load_image_tower`; it moves to the device when needed."""
        self._tower: Any = tower
        self._placement = DevicePlacement(device, lambda at: tower.to(at.name, at.dtype))
        self._settings = settings
        self._view = SquareView(tower.image_size[0], settings.geometry)
        self.ndim: int = tower.output_dim
        patches, width = tower.positional_embedding.shape
        # The widest activation is four times the width, float32, and exists about three times.
        self._batch = max(1, _BATCH_BYTES // (patches * width * 4 * 4 * 3))

    @property
    def note(self) -> str:
        """See ``DeviceNoteProvider``."""
        return self._placement.note

    def embed(self, photo_rgb: np.ndarray, masks_hw: Sequence[np.ndarray]) -> PhotoVectors:
        """See ``RegionEmbedder``. Photo and regions are embedded in batches that fit the memory."""
        photo = self._view.photo(photo_rgb)
        full_mask = np.ones(photo_rgb.shape[:2], np.bool_)

        def run(batch: Sequence[np.ndarray]) -> np.ndarray:
            pictures = [self._picture(photo_rgb, photo, mask) for mask in batch]
            return self.embed_pictures(np.stack(pictures))

        masks = [full_mask, *masks_hw]
        vectors = self._placement.run(
            lambda: np.concatenate(list(in_batches(masks, self._batch, run)))
        )
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return PhotoVectors(vectors[0], vectors[1:])

    def embed_whole(self, photo_rgb: np.ndarray) -> np.ndarray:
        """See ``RegionEmbedder``."""
        return self.embed(photo_rgb, ()).whole

    def embed_pictures(self, pictures: np.ndarray) -> np.ndarray:
        """Run the image network.

        Args:
            pictures: float32 (B, 4, S, S), normalised photo and mask.

        Returns:
            float32 (B, D), not of unit length.
        """
        import torch

        weights = self._tower.conv1.weight
        with torch.inference_mode():
            out = self._tower(torch.from_numpy(pictures).to(weights.device, weights.dtype))
        vectors: np.ndarray = out.float().cpu().numpy()
        return vectors

    def _picture(self, photo_rgb: np.ndarray, photo: np.ndarray, mask_hw: np.ndarray) -> np.ndarray:
        """The network's input for one mask, float32 (4, S, S).

        Args:
            photo_rgb: uint8 (H, W, 3).
            photo: the same photo preprocessed, float32 (3, S, S).
            mask_hw: bool (H, W).
        """
        if mask_hw.shape != photo_rgb.shape[:2]:
            raise ValueError(f"expected a mask of {photo_rgb.shape[:2]}, got {mask_hw.shape}")
        if 0 < mask_hw.mean() < self._settings.crop_below:
            rows, columns = _context_square(mask_hw, self._settings.crop_context)
            crop = np.ascontiguousarray(photo_rgb[rows, columns])
            photo, mask_hw = self._view.photo(crop), mask_hw[rows, columns]
        return np.concatenate([photo, self._view.mask(mask_hw)])


class ClipTextEmbedder:
    """A ``TextEmbedder`` that notes when a query is too long for the network."""

    def __init__(self, tower: nn.Module, templates: Sequence[str] = TEMPLATES) -> None:
        """Wrap a network of `clip_towers.load_text_tower`."""
        self._tower = tower
        self._templates = tuple(templates)
        self._tokenizer = clip_towers.load_tokenizer(tower.context_length)
        self.ndim: int = tower.text_projection.shape[1]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """See ``TextEmbedder``; unit vectors, the mean over the templates."""
        vectors = np.empty((len(texts), self.ndim), np.float32)
        for row, text in enumerate(texts):
            each = self.embed_tokens(self.tokens(self._fill_templates(text)))
            each /= np.maximum(np.linalg.norm(each, axis=1, keepdims=True), 1e-12)
            mean = each.mean(0)
            vectors[row] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return vectors

    def tokens(self, texts: Sequence[str]) -> np.ndarray:
        """Tokenise to int64 (len(texts), context length): start, words, end, zeros."""
        tokens: np.ndarray = self._tokenizer(list(texts)).numpy()
        return tokens

    def embed_tokens(self, tokens: np.ndarray) -> np.ndarray:
        """Run the text network: int64 (B, context length) to float32 (B, D), not of unit length."""
        import torch

        with torch.inference_mode():
            out = self._tower(torch.from_numpy(tokens).to(self._tower.text_projection.device))
        vectors: np.ndarray = out.float().cpu().numpy()
        return vectors

    def query_note(self, text: str) -> str:
        """See ``QueryNoteProvider``."""
        max_tokens = self._tower.context_length - 2
        if len(self._tokenizer.encode(text)) <= max_tokens:
            return ""
        return "The text is longer than the models can read; only its beginning counts."

    def _fill_templates(self, text: str) -> list[str]:
        """The text in each template; a long text alone, as templates would truncate it more."""
        # replace, not format: a query may contain braces
        filled = [template.replace("{}", text) for template in self._templates]
        max_tokens = self._tower.context_length - 2
        fits = all(len(self._tokenizer.encode(phrase)) <= max_tokens for phrase in filled)
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
    torch_device = choose_device(device)
    tower = clip_towers.load_image_tower(clip_file, alpha_file, torch_device.dtype)
    return AlphaClipRegionEmbedder(tower, settings, torch_device)


def load_text_embedder(clip_file: Path, *, device: str = "cpu") -> ClipTextEmbedder:
    """Load CLIP's text network; the CPU is fast enough for one query.

    Raises:
        ModelMissing, ModelBroken, BadRequest: as for the towers and the device.
    """
    torch_device = choose_device(device)
    tower = clip_towers.load_text_tower(clip_file, torch_device.dtype)
    return ClipTextEmbedder(tower.to(torch_device.name))


def _context_square(mask_hw: np.ndarray, context: float) -> tuple[slice, slice]:
    """Rows and columns of a square around a mask, shifted into the photo if it exceeds it."""
    rows, columns = np.flatnonzero(mask_hw.any(1)), np.flatnonzero(mask_hw.any(0))
    height, width = rows[-1] + 1 - rows[0], columns[-1] + 1 - columns[0]
    side = int(np.ceil(context * max(height, width)))
    return (
        _span(rows[0] + height / 2, side, mask_hw.shape[0]),
        _span(columns[0] + width / 2, side, mask_hw.shape[1]),
    )


def _span(centre: float, side: int, limit: int) -> slice:
    """A range of ``side`` around ``centre``, within 0..``limit``."""
    side = min(side, limit)
    start = min(max(0, round(centre - side / 2)), limit - side)
    return slice(start, start + side)
