"""Small GGUF files: a language model and the vision part (mmproj) that belongs to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

WIDTH = 64


def language(
    path: Path,
    architecture: str = "qwen3vl",
    *,
    width: int | None = WIDTH,
    deepstack: int = 0,
    seed: int = 0,
) -> Path:
    """A language model by its header; it holds two tensors and answers nothing.

    Args:
        width: numbers a token's vector has; None leaves the key out.
    """
    writer = _writer(path, architecture)
    if width is not None:
        writer.add_uint32(f"{architecture}.embedding_length", width)
    if deepstack:
        writer.add_uint32(f"{architecture}.n_deepstack_layers", deepstack)
    writer.add_array("tokenizer.ggml.tokens", ["a", "b", "c"])
    return _written(writer, path, ("token_embd.weight", "output_norm.weight"), seed)


def vision(
    path: Path,
    projector: str | None = "qwen3vl_merger",
    *,
    width: int | None = WIDTH,
    seed: int = 1,
) -> Path:
    """The vision part of a model, by its header.

    Args:
        width: of the vectors that it hands over; None leaves the key out.
    """
    writer = _writer(path, "clip")
    if projector is not None:
        writer.add_string("clip.projector_type", projector)
    writer.add_bool("clip.has_vision_encoder", True)
    if width is not None:
        writer.add_uint32("clip.vision.projection_dim", width)
    return _written(writer, path, ("v.patch_embd.weight",), seed)


def _writer(path: Path, architecture: str):
    from gguf import GGUFWriter

    path.parent.mkdir(parents=True, exist_ok=True)
    return GGUFWriter(path, architecture)


def _written(writer, path: Path, tensors: tuple[str, ...], seed: int) -> Path:
    random = np.random.default_rng(seed)
    for name in tensors:
        writer.add_tensor(name, random.random((8, 32), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
