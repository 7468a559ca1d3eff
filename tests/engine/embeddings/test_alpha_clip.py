"""Alpha-CLIP agrees with the reference implementation, and loads in its published sizes."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from engine.embeddings import clip_towers
from engine.embeddings.alpha_clip import (
    AlphaClipRegionEmbedder,
    RegionSettings,
    load_region_embedder,
    load_text_embedder,
)
from engine.embeddings.embedder import QueryNoteProvider, RegionEmbedder, TextEmbedder
from engine.embeddings.square_view import Geometry, SquareView
from engine.errors import ModelBroken
from engine.tiny_models.random_clip import VIT_B16, VIT_L14_336, ClipSizes, random_clip
from engine.weights.checkpoint import TORCHSCRIPT, detect_format, read_state_dict
from engine.weights.device import OUT_OF_MEMORY_NOTE
from tests.fakes.devices import CARD, is_on_card, out_of_memory

GOLDEN = Path(__file__).parents[2] / "golden" / "alpha_clip"
CLIP, ALPHA = GOLDEN / "tiny_clip_openai.pt", GOLDEN / "tiny_alpha_visual.pth"
TOLERANCE = 1e-4
HALF_TOLERANCE = 1e-2
TINY = ClipSizes(32, 16, 64, 2, 32, 64, 1)

# A warning of torch about the nested tensors in its own attention.
pytestmark = pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")


@pytest.fixture(scope="module")
def expected():
    with np.load(GOLDEN / "expected.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def regions():
    return load_region_embedder(CLIP, ALPHA, device="cpu")


@pytest.fixture(scope="module")
def texts():
    return load_text_embedder(CLIP)


@pytest.fixture(scope="module")
def photo():
    return np.asarray(Image.open(GOLDEN / "photo_96x72.png").convert("RGB"))


@pytest.fixture(scope="module")
def mask():
    return np.asarray(Image.open(GOLDEN / "mask_96x72.png")) > 0


# --- agreement with the reference implementation


def test_tokens_are_identical(texts, expected):
    assert np.array_equal(texts.tokens(expected["texts"].tolist()), expected["tokens"])


def test_texts_are_reproduced(texts, expected):
    ours = texts.embed_tokens(expected["tokens"].astype(np.int64))
    assert np.abs(ours - expected["text_embedding"]).max() <= TOLERANCE


def test_random_pictures_are_reproduced(regions, expected):
    pictures = np.concatenate([expected["random_image"], expected["random_alpha"]], 1)
    assert (
        np.abs(regions.embed_pictures(pictures) - expected["random_embedding"]).max() <= TOLERANCE
    )


def test_the_photo_is_reproduced(regions, expected):
    picture = np.concatenate([expected["photo_tensor"], expected["alpha_tensor"]], 1)
    assert np.abs(regions.embed_pictures(picture) - expected["photo_embedding"]).max() <= TOLERANCE


def test_the_photo_is_reproduced_from_its_pixels(regions, expected, photo, mask):
    """The reference crops the photo and squashes the mask; ``SquareView`` can do either."""
    ours = np.concatenate(
        [
            SquareView(64, Geometry.CENTRE_CROP).photo(photo),
            SquareView(64, Geometry.SQUASH).mask(mask),
        ]
    )[None]
    assert np.abs(regions.embed_pictures(ours) - expected["photo_embedding"]).max() <= TOLERANCE


# --- preprocessing


@pytest.mark.parametrize("geometry", list(Geometry))
@pytest.mark.parametrize("size_hw", [(40, 90), (90, 40), (64, 64), (7, 200)])
def test_photo_and_mask_are_aligned(geometry: Geometry, size_hw: tuple[int, int]):
    """A white rectangle on black and its mask are preprocessed to the same picture."""
    height, width = size_hw
    mask_hw = np.zeros(size_hw, np.bool_)
    mask_hw[height // 4 : height // 2 + 1, width // 2 : width * 4 // 5] = True
    photo = np.repeat(mask_hw[..., None] * np.uint8(255), 3, 2)
    view = SquareView(64, geometry)
    bright = view.photo(photo).mean(0) > 0.16
    masked = view.mask(mask_hw)[0] > 0
    assert masked.any() or geometry is Geometry.CENTRE_CROP
    assert (bright & masked).sum() >= 0.85 * max(bright.sum(), masked.sum())


def test_letterbox_keeps_all_content_and_does_not_mask_the_padding():
    view = SquareView(64)
    covered = view.mask(np.ones((32, 64), np.bool_))[0] > 0
    assert covered.sum() == 32 * 64 and covered[16:48].all()
    assert np.all(view.photo(np.full((32, 64, 3), 255, np.uint8))[:, :16] == 0)


# --- vectors


def test_shapes_and_unit_vectors(regions, texts, photo, mask):
    assert isinstance(regions, RegionEmbedder) and isinstance(texts, TextEmbedder)
    assert regions.ndim == texts.ndim == 32
    vectors = regions.embed(photo, [mask, ~mask])
    assert vectors.regions.shape == (2, 32) and vectors.regions.dtype == np.float32
    every = np.vstack([vectors.whole, vectors.regions, texts.embed(["a dog", "cats"])])
    assert np.allclose(np.linalg.norm(every, axis=1), 1, atol=1e-5)
    assert not np.allclose(vectors.regions[0], vectors.regions[1], atol=1e-3)


def test_the_photo_vector_is_that_of_a_full_mask(regions, photo):
    vectors = regions.embed(photo, [np.ones(photo.shape[:2], np.bool_)])
    assert np.allclose(vectors.whole, vectors.regions[0], atol=1e-6)
    assert np.allclose(vectors.whole, regions.embed_whole(photo), atol=1e-6)
    assert regions.embed(photo, []).regions.shape == (0, 32)


def test_batches_do_not_change_vectors(photo, mask, monkeypatch):
    batched = load_region_embedder(CLIP, ALPHA, device="cpu")
    single = load_region_embedder(CLIP, ALPHA, device="cpu")
    monkeypatch.setattr(single, "_batch", 1)
    masks = [mask, ~mask, np.ones_like(mask)]
    assert np.allclose(
        batched.embed(photo, masks).regions, single.embed(photo, masks).regions, atol=1e-5
    )


def test_a_context_crop_changes_small_regions_only(regions, photo):
    small, large = np.zeros((2, *photo.shape[:2]), np.bool_)
    small[:6, 90:] = True
    large[10:60, 10:80] = True
    cropping = load_region_embedder(
        CLIP, ALPHA, device="cpu", settings=RegionSettings(crop_below=0.05)
    )
    plain, cropped = (e.embed(photo, [small, large]).regions for e in (regions, cropping))
    assert not np.allclose(plain[0], cropped[0], atol=1e-3)
    assert np.allclose(plain[1], cropped[1], atol=1e-5)


def test_a_query_that_is_truncated_has_a_note(texts):
    assert isinstance(texts, QueryNoteProvider)
    words = "dog " * 75
    assert texts.query_note("a dog") == "" and texts.query_note(words) == ""
    assert "beginning" in texts.query_note(words + "cat")
    assert np.allclose(texts.embed([words + "cat"]), texts.embed([words]), atol=1e-6)


def test_braces_in_a_query_are_plain_text(texts):
    assert np.isfinite(texts.embed(["{0} {name} }{", "%s"])).all()


def test_templates_are_averaged(texts):
    embedder = load_text_embedder(CLIP)
    embedder._templates = ("{}",)
    assert not np.allclose(embedder.embed(["dog"]), texts.embed(["dog"]), atol=1e-3)


# --- devices


@pytest.fixture
def tower():
    return clip_towers.load_image_tower(CLIP, ALPHA, CARD.dtype)


def test_half_precision_gives_the_same_vectors(regions, tower, photo, mask):
    expected = regions.embed(photo, [mask, ~mask])
    found = AlphaClipRegionEmbedder(tower, device=CARD).embed(photo, [mask, ~mask])
    assert np.linalg.norm(found.regions - expected.regions, axis=1).max() < HALF_TOLERANCE
    assert np.linalg.norm(found.whole - expected.whole) < HALF_TOLERANCE


def test_batches_that_do_not_fit_are_halved(regions, tower, photo, mask):
    masks = [mask, ~mask, np.ones_like(mask), mask]
    expected = regions.embed(photo, masks).regions
    embedder = AlphaClipRegionEmbedder(tower, device=CARD)
    with out_of_memory(tower, lambda pictures: len(pictures) > 2) as tried:
        found = embedder.embed(photo, masks).regions
    assert tried == [5, 3, 2, 2, 1] and embedder.note == ""
    assert np.linalg.norm(found - expected, axis=1).max() < HALF_TOLERANCE


def test_without_memory_on_the_card_the_vectors_come_from_the_processor(
    regions, tower, photo, mask
):
    expected = regions.embed(photo, [mask]).regions
    embedder = AlphaClipRegionEmbedder(tower, device=CARD)
    with out_of_memory(tower, is_on_card):
        found = embedder.embed(photo, [mask]).regions
        assert embedder.note == OUT_OF_MEMORY_NOTE
        assert tower.conv1.weight.dtype == torch.float32
    assert np.linalg.norm(found - expected, axis=1).max() < HALF_TOLERANCE
    embedder.embed_whole(photo)
    assert embedder.note == "" and tower.conv1.weight.dtype == torch.float16


# --- files


def test_swapped_files_are_refused():
    with pytest.raises(ModelBroken, match="Alpha-CLIP"):
        load_region_embedder(CLIP, CLIP, device="cpu")
    with pytest.raises(ModelBroken, match="text network"):
        load_text_embedder(ALPHA)


def test_missing_parts_and_other_sizes_are_refused(tmp_path: Path):
    state = read_state_dict(ALPHA)
    foreign = {n: torch.zeros(64, 16) if n == "proj" else v.clone() for n, v in state.items()}
    save_file(foreign, tmp_path / "foreign.safetensors")
    with pytest.raises(ModelBroken, match="belong"):
        load_region_embedder(CLIP, tmp_path / "foreign.safetensors", device="cpu")
    extra = {n: v.clone() for n, v in state.items()} | {"lora_A": torch.ones(2)}
    save_file(extra, tmp_path / "extra.safetensors")
    with pytest.raises(ModelBroken, match="other parts"):
        load_region_embedder(CLIP, tmp_path / "extra.safetensors", device="cpu")


class ParameterHolder(torch.nn.Module):
    """Parameters by dotted names, so that a state dict becomes a TorchScript archive."""

    def forward(self, x):
        return x


def save_published(state: dict[str, torch.Tensor], path: Path, *, script: bool) -> None:
    if not script:
        torch.save(state, path)
        return
    root = ParameterHolder()
    for name, value in state.items():
        *parts, last = name.split(".")
        inner = root
        for part in parts:
            if not hasattr(inner, part):
                inner.add_module(part, ParameterHolder())
            inner = getattr(inner, part)
        inner.register_buffer(last, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls TorchScript old; published files are so
        torch.jit.save(torch.jit.trace(root.eval(), torch.ones(1)), str(path))


@pytest.mark.parametrize("script", [True, False], ids=["torchscript", "state-dict"])
@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param(TINY, id="tiny"),
        pytest.param(VIT_B16, id="B16", marks=pytest.mark.slow),
        pytest.param(VIT_L14_336, id="L14@336", marks=pytest.mark.slow),
    ],
)
def test_published_sizes_load_and_run(tmp_path: Path, sizes: ClipSizes, script: bool):
    clip, alpha = random_clip(sizes, seed=3)
    clip_file, alpha_file = tmp_path / "clip.pt", tmp_path / "alpha.pth"
    try:
        save_published(clip, clip_file, script=script)
        torch.save(alpha, alpha_file)
        del clip, alpha
        assert (detect_format(clip_file) == TORCHSCRIPT) == script
        query = load_text_embedder(clip_file).embed(["a red umbrella"])
        regions = load_region_embedder(clip_file, alpha_file, device="cpu")
        photo = np.random.default_rng(1).integers(0, 256, (48, 64, 3), np.uint8)
        masks = np.zeros((2, 48, 64), np.bool_)
        masks[0, :20, :30] = masks[1, 20:, 30:] = True
        vectors = regions.embed(photo, masks)
        assert vectors.regions.shape == (2, sizes.ndim) and query.shape == (1, sizes.ndim)
        assert regions._tower.image_size == (sizes.side_px, sizes.side_px)
        assert np.allclose(np.linalg.norm(vectors.regions, axis=1), 1, atol=1e-4)
        assert not np.allclose(vectors.regions[0], vectors.regions[1], atol=1e-4)
    finally:
        clip_file.unlink(missing_ok=True)
        alpha_file.unlink(missing_ok=True)
