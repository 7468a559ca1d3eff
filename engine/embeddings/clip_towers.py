"""CLIP's two networks, built of open_clip's modules with the sizes of the checkpoints.

This is the only module that imports open_clip, and only its building blocks; its downloads are
never used. Alpha-CLIP adds to CLIP's image network a second convolution for the mask, whose output
is added to that of the first; together they are one convolution over four channels.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import ModelBroken, ModelMissing
from engine.weights.checkpoint import read_state_dict

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

_HEAD_WIDTH = 64
"""Width of an attention head in every CLIP that OpenAI published."""
_MAX_SIZE = 8192


def load_image_tower(clip_file: Path, alpha_file: Path, dtype: torch.dtype) -> nn.Module:
    """Load Alpha-CLIP's image network: float (B, 4, S, S), normalised photo and mask, to (B, D).

    Args:
        clip_file: CLIP as OpenAI published it, or its state dict.
        alpha_file: Alpha-CLIP's image network; missing weights are taken from ``clip_file``.
        dtype: type of the weights.

    Returns:
        The network on the processor, in evaluation mode, with ``image_size`` (S, S) and
        ``output_dim`` D.

    Raises:
        ModelMissing: a file or the package open_clip is missing.
        ModelBroken: a file holds another network, or the two do not fit together.
    """
    import torch

    base = _without_prefix(read_state_dict(clip_file), "visual.")
    alpha = {_clip_name(name): value for name, value in read_state_dict(alpha_file).items()}
    if "conv1_alpha.weight" not in alpha:
        raise _broken(alpha_file, "is not the image network of Alpha-CLIP")
    if "proj" in base and "proj" in alpha and base["proj"].shape != alpha["proj"].shape:
        raise _broken(alpha_file, f"does not belong to {clip_file.name}: their sizes differ")
    state = base | alpha
    mask_weights = state.pop("conv1_alpha.weight")
    try:
        width, _, patch, _ = state["conv1.weight"].shape
        state["conv1.weight"] = torch.cat([state["conv1.weight"], mask_weights], 1)
        grid = _square_root(len(state["positional_embedding"]) - 1)
        sizes = {
            "width": width,
            "layers": _layer_count(state),
            "output_dim": state["proj"].shape[1],
        }
    except (KeyError, ValueError, IndexError, RuntimeError) as error:
        raise _broken(alpha_file, "is not the image network of Alpha-CLIP") from error
    _check_sizes(alpha_file, patch, grid, *sizes.values())
    blocks = _open_clip_transformer()
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
    return _load_weights(tower, state, alpha_file, dtype)


def load_text_tower(clip_file: Path, dtype: torch.dtype) -> nn.Module:
    """Load CLIP's text network: int64 tokens (B, context length) to (B, D).

    Returns:
        The network on the processor, in evaluation mode, with ``context_length`` and
        ``vocab_size``.

    Raises:
        ModelMissing, ModelBroken: as for the image network.
    """
    import torch

    checkpoint = read_state_dict(clip_file)
    names = ("positional_embedding", "text_projection", "token_embedding.", "ln_final.")
    state = {
        name: value
        for name, value in checkpoint.items()
        if name.startswith((*names, "transformer."))
    }
    try:
        context, width = state["positional_embedding"].shape
        sizes = {"vocab_size": len(state["token_embedding.weight"]), "layers": _layer_count(state)}
        output_dim = state["text_projection"].shape[1]
    except (KeyError, ValueError, IndexError) as error:
        raise _broken(clip_file, "has no text network of CLIP") from error
    _check_sizes(clip_file, context, width, sizes["layers"], output_dim)
    blocks = _open_clip_transformer()
    with torch.device("meta"):
        tower = blocks.TextTransformer(
            context_length=context,
            width=width,
            heads=max(1, width // _HEAD_WIDTH),
            output_dim=output_dim,
            act_layer=blocks.QuickGELU,
            **sizes,
        )
    # Checkpoints do not contain this buffer.
    tower.register_buffer("attn_mask", tower.build_causal_mask(), persistent=False)
    return _load_weights(tower, state, clip_file, dtype)


def load_tokenizer(context_length: int) -> Any:
    """Load CLIP's tokenizer, whose vocabulary is part of open_clip.

    Returns:
        An object with ``encode(text) -> list[int]``, without start and end tokens. Called with
        texts, it returns int64 (B, context_length), truncated if a text is longer.
    """
    try:
        from open_clip.tokenizer import SimpleTokenizer
    except ImportError as error:
        raise _not_installed(error) from error
    return SimpleTokenizer(context_length=context_length)


def _open_clip_transformer() -> Any:
    """open_clip's module of building blocks; raises ModelMissing if it is not installed."""
    try:
        from open_clip import transformer
    except ImportError as error:
        raise _not_installed(error) from error
    return transformer


def _load_weights(
    tower: nn.Module, state: Mapping[str, Tensor], path: Path, dtype: torch.dtype
) -> nn.Module:
    # Copied while the type changes, so that the mapping of the file can be released.
    converted = {name: value.to(dtype, copy=True) for name, value in state.items()}
    try:
        tower.load_state_dict(converted, assign=True)
    except RuntimeError as error:
        raise _broken(path, f"has other parts than its network ({error})"[:300]) from error
    return tower.eval().requires_grad_(False)


def _without_prefix(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The weights whose names begin with ``prefix``, without it."""
    return {
        name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)
    }


def _clip_name(name: str) -> str:
    """CLIP's name of a weight of Alpha-CLIP, which has the input projection as a layer."""
    return name.replace(".attn.in_proj.", ".attn.in_proj_")


def _layer_count(state: Mapping[str, Tensor]) -> int:
    """Number of transformer layers, by the names of the weights."""
    return 1 + max(int(n.split(".")[2]) for n in state if n.startswith("transformer.resblocks."))


def _square_root(count: int) -> int:
    root = round(count**0.5)
    if root * root != count:
        raise ValueError(f"expected a square number of patches, got {count}")
    return root


def _check_sizes(path: Path, *sizes: int) -> None:
    if not all(1 <= size <= _MAX_SIZE for size in sizes):
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
