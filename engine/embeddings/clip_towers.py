"""CLIP's two networks on open_clip's modules, their sizes read from the checkpoints.

The only module that imports open_clip, and only its building blocks: nothing of it that downloads
is reached. Alpha-CLIP differs from CLIP's image network in one thing, a second convolution for the
mask whose output is added to the first one's. That is one convolution over four channels.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ModelBroken, ModelMissing
from engine.weights.checkpoint import read_state_dict

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

_HEAD_WIDTH = 64
"""Of an attention head in every CLIP that OpenAI published."""
_LARGEST = 8192


def load_image_tower(
    clip_file: Path, alpha_file: Path, device: str, dtype: torch.dtype
) -> nn.Module:
    """Alpha-CLIP's image network: float (B, 4, S, S), photo and mask normalised, to (B, D).

    Args:
        clip_file: CLIP as OpenAI published it, or the same as a state dict.
        alpha_file: Alpha-CLIP's image network; what it lacks is taken from ``clip_file``.

    Returns:
        In evaluation mode, with ``image_size`` (S, S) and ``output_dim`` D.

    Raises:
        ModelMissing: a file, or the package open_clip, is not there.
        ModelBroken: a file is not what it should be, or the two do not belong together.
    """
    import torch

    base = _part(read_state_dict(clip_file), "visual.")
    own = {_plain_name(name): value for name, value in read_state_dict(alpha_file).items()}
    if "conv1_alpha.weight" not in own:
        raise _broken(alpha_file, "is not the image network of Alpha-CLIP")
    if "proj" in base and "proj" in own and base["proj"].shape != own["proj"].shape:
        raise _broken(alpha_file, f"does not belong to {clip_file.name}: their sizes differ")
    state = base | own
    mask_weights = state.pop("conv1_alpha.weight")
    try:
        width, _, patch, _ = state["conv1.weight"].shape
        state["conv1.weight"] = torch.cat([state["conv1.weight"], mask_weights], 1)
        grid = _square_root(len(state["positional_embedding"]) - 1)
        sizes = {"width": width, "layers": _layers(state), "output_dim": state["proj"].shape[1]}
    except (KeyError, ValueError, IndexError, RuntimeError) as error:
        raise _broken(alpha_file, "is not the image network of Alpha-CLIP") from error
    _check_sizes(alpha_file, patch, grid, *sizes.values())
    blocks = _blocks()
    with torch.device("meta"):
        tower = blocks.VisionTransformer(
            image_size=patch * grid,
            patch_size=patch,
            heads=max(1, width // _HEAD_WIDTH),
            mlp_ratio=4.0,
            act_layer=blocks.QuickGELU,
            **sizes,
        )
        tower.conv1 = torch.nn.Conv2d(4, width, patch, patch, bias=False)
    return _filled(tower, state, alpha_file, device, dtype)


def load_text_tower(clip_file: Path, device: str, dtype: torch.dtype) -> nn.Module:
    """CLIP's text network: int64 tokens (B, context length) to (B, D).

    Returns:
        In evaluation mode, with ``context_length`` and ``vocab_size``.

    Raises:
        ModelMissing, ModelBroken: as for the image network.
    """
    import torch

    whole = read_state_dict(clip_file)
    names = ("positional_embedding", "text_projection", "token_embedding.", "ln_final.")
    state = {
        name: value for name, value in whole.items() if name.startswith((*names, "transformer."))
    }
    try:
        context, width = state["positional_embedding"].shape
        sizes = {"vocab_size": len(state["token_embedding.weight"]), "layers": _layers(state)}
        output_dim = state["text_projection"].shape[1]
    except (KeyError, ValueError, IndexError) as error:
        raise _broken(clip_file, "has no text network of CLIP") from error
    _check_sizes(clip_file, context, width, sizes["layers"], output_dim)
    blocks = _blocks()
    with torch.device("meta"):
        tower = blocks.TextTransformer(
            context_length=context,
            width=width,
            heads=max(1, width // _HEAD_WIDTH),
            output_dim=output_dim,
            act_layer=blocks.QuickGELU,
            **sizes,
        )
    # A buffer that checkpoints do not hold.
    tower.register_buffer("attn_mask", tower.build_causal_mask().to(device), persistent=False)
    return _filled(tower, state, clip_file, device, dtype)


def load_tokenizer(context_length: int):
    """CLIP's tokenizer, whose table comes with open_clip.

    Returns:
        ``encode(text) -> list[int]`` without the marks of beginning and end, and a call with texts
        that gives int64 (B, context_length), cut where a text is longer.
    """
    try:
        from open_clip.tokenizer import SimpleTokenizer
    except ImportError as error:
        raise _not_installed(error) from error
    return SimpleTokenizer(context_length=context_length)


def _blocks():
    try:
        from open_clip import transformer
    except ImportError as error:
        raise _not_installed(error) from error
    return transformer


def _filled(
    tower: nn.Module, state: Mapping[str, Tensor], path: Path, device: str, dtype: torch.dtype
) -> nn.Module:
    # Copies, in one step with the change of type: the mapped file is let go afterwards.
    own = {name: value.to(device, dtype, copy=True) for name, value in state.items()}
    try:
        tower.load_state_dict(own, assign=True)
    except RuntimeError as error:
        raise _broken(path, f"has other parts than its network ({error})"[:300]) from error
    return tower.eval().requires_grad_(False)


def _part(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)
    }


def _plain_name(name: str) -> str:
    """Alpha-CLIP keeps the attention's input projection as a layer, CLIP as two parameters."""
    return name.replace(".attn.in_proj.", ".attn.in_proj_")


def _layers(state: Mapping[str, Tensor]) -> int:
    return 1 + max(int(n.split(".")[2]) for n in state if n.startswith("transformer.resblocks."))


def _square_root(count: int) -> int:
    root = round(count**0.5)
    if root * root != count:
        raise ValueError(f"expected a square number of patches, got {count}")
    return root


def _check_sizes(path: Path, *sizes: int) -> None:
    if not all(1 <= size <= _LARGEST for size in sizes):
        raise _broken(path, f"claims a network of absurd size {sizes}")


def _broken(path: Path, what: str) -> ModelBroken:
    return ModelBroken(
        f"The model file {path.name} {what}.",
        operation="loading the models",
        path=path,
        hint="Download or import the files of one model together.",
    )


def _not_installed(error: ImportError) -> ModelMissing:
    return ModelMissing(
        f"The large models need a package that is not installed ({error.name}).",
        operation="loading the models",
        hint='Install Pickout with its large models: pip install "pickout[full]".',
    )
