"""Files of CLIP and Alpha-CLIP with random weights, in any size and with the published names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_VOCABULARY = 49408
"""Number of tokens of CLIP's tokenizer."""
_CONTEXT = 77
_ATTENTION_GAIN = 2
"""Factor of the weights of queries and keys. With it each token attends to few others, so that
vectors of different regions and texts differ clearly (ViT-B/16: cosine 0.6 to 0.9)."""


@dataclass(frozen=True)
class ClipSizes:
    """Sizes of CLIP's two networks.

    Attributes:
        side_px, patch_px: side of the square picture and of its patches.
        width, layers: of the image network.
        ndim: length of the vectors.
        text_width, text_layers: of the text network.
    """

    side_px: int
    patch_px: int
    width: int
    layers: int
    ndim: int
    text_width: int
    text_layers: int


VIT_B16 = ClipSizes(224, 16, 768, 12, 512, 512, 12)
VIT_L14_336 = ClipSizes(336, 14, 1024, 24, 768, 768, 12)


def random_clip(
    sizes: ClipSizes, seed: int = 0
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """State dicts with OpenAI's names, float16: CLIP, and its image network as Alpha-CLIP.

    Args:
        seed: the same seed gives the same weights.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        clip = _clip(sizes)
        mask_weights = _numbers(sizes.width, 1, sizes.patch_px, sizes.patch_px)
    alpha = {
        name.removeprefix("visual.").replace(".in_proj_", ".in_proj."): value
        for name, value in clip.items()
        if name.startswith("visual.")
    }
    return clip, alpha | {"conv1_alpha.weight": mask_weights}


def write(folder: Path, sizes: ClipSizes, seed: int = 0) -> tuple[Path, Path]:
    """Write both as files of torch; returns the paths of CLIP and of Alpha-CLIP."""
    import torch

    paths = (folder / "clip.pt", folder / "alpha.pth")
    for path, state in zip(paths, random_clip(sizes, seed), strict=True):
        torch.save(state, path)
    return paths


def _clip(sizes: ClipSizes) -> dict[str, torch.Tensor]:
    import torch

    width, text_width, patch = sizes.width, sizes.text_width, sizes.patch_px
    clip = {
        "visual.class_embedding": _numbers(width),
        "visual.positional_embedding": _numbers((sizes.side_px // patch) ** 2 + 1, width),
        "visual.proj": _numbers(width, sizes.ndim),
        "visual.conv1.weight": _numbers(width, 3, patch, patch),
        "positional_embedding": _numbers(_CONTEXT, text_width),
        "text_projection": _numbers(text_width, sizes.ndim),
        "token_embedding.weight": _numbers(_VOCABULARY, text_width),
        "logit_scale": torch.tensor(4.6, dtype=torch.float16),
        "input_resolution": torch.tensor(sizes.side_px),
        "context_length": torch.tensor(_CONTEXT),
        "vocab_size": torch.tensor(_VOCABULARY),
    }
    for name, size in {
        "visual.ln_pre": width,
        "visual.ln_post": width,
        "ln_final": text_width,
    }.items():
        clip |= {f"{name}.weight": _numbers(size) + 1, f"{name}.bias": _numbers(size)}
    clip |= _blocks("visual.", width, sizes.layers)
    return clip | _blocks("", text_width, sizes.text_layers)


def _blocks(prefix: str, width: int, layers: int) -> dict[str, torch.Tensor]:
    """The layers of a transformer."""
    state = {}
    for layer in range(layers):
        at = f"{prefix}transformer.resblocks.{layer}."
        for name, shape in {
            "attn.in_proj_weight": (3 * width, width),
            "attn.in_proj_bias": (3 * width,),
            "attn.out_proj.weight": (width, width),
            "attn.out_proj.bias": (width,),
            "ln_1.weight": (width,),
            "ln_1.bias": (width,),
            "mlp.c_fc.weight": (4 * width, width),
            "mlp.c_fc.bias": (4 * width,),
            "mlp.c_proj.weight": (width, 4 * width),
            "mlp.c_proj.bias": (width,),
            "ln_2.weight": (width,),
            "ln_2.bias": (width,),
        }.items():
            weights = _numbers(*shape, std=width**-0.5 if len(shape) == 2 else 0.02)
            state[at + name] = weights + 1 if name in ("ln_1.weight", "ln_2.weight") else weights
        state[at + "attn.in_proj_weight"][: 2 * width] *= _ATTENTION_GAIN
    return state


def _numbers(*shape: int, std: float = 0.02) -> torch.Tensor:
    import torch

    return torch.empty(shape, dtype=torch.float16).normal_(std=std)
