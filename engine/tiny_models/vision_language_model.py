"""Vision language models of about a megabyte with random weights, in the published GGUF formats.

Their answers mean nothing, but llama.cpp loads and runs them like real models. They serve tests of
everything around a model, and ``bench worker``. The same seed gives the same files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gguf import GGUFWriter

_WIDTH, _HEADS, _LAYERS, _FEED = 64, 2, 2, 128
_VISION_WIDTH, _VISION_HEADS, _VISION_LAYERS, _VISION_FEED = 64, 2, 2, 128
_SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
)
_MERGES = ("Y e", "Ye s", "N o", "y e", "ye s", "n o")
LANGUAGE_FILE, VISION_FILE = "tiny.gguf", "mmproj-tiny.gguf"
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}{{ part['text'] }}{% endfor %}{% endif %}<|im_end|>\n"
    "{% endfor %}{{ '<|im_start|>assistant\n' }}"
)
_CONTROL, _NORMAL = 3, 1


@dataclass(frozen=True)
class TinyKind:
    """The differences between the files of the two Qwen-VL families.

    Attributes:
        architecture: ``general.architecture`` of the language model.
        projector: ``clip.projector_type`` of the vision part.
        patch_px: side of a patch of the vision transformer.
        deepstack_layers: layers of the vision part whose output is handed over as well (Qwen3-VL).
    """

    architecture: str
    projector: str
    patch_px: int
    deepstack_layers: int = 0

    @property
    def vision_output_width(self) -> int:
        """Length of the vectors that the vision part hands to the language model."""
        return _WIDTH * (1 + self.deepstack_layers)


QWEN25 = TinyKind("qwen2vl", "qwen2.5vl_merger", 14)
QWEN3 = TinyKind("qwen3vl", "qwen3vl_merger", 16, deepstack_layers=1)
KINDS = {"qwen2.5-vl": QWEN25, "qwen3-vl": QWEN3}


@dataclass(frozen=True)
class TinyFiles:
    """The two GGUF files of a model: the language model and the vision part (mmproj)."""

    language: Path
    vision: Path


def words() -> list[str]:
    """The vocabulary: special tokens, single bytes in GPT-2's notation, and yes and no."""
    merged = [pair.replace(" ", "") for pair in _MERGES]
    return [*_SPECIAL, *(_gpt2_letter(byte) for byte in range(256)), *merged]


def write(
    folder: Path,
    kind: TinyKind = QWEN25,
    seed: int = 0,
    head: np.ndarray | None = None,
    template: str | None = CHAT_TEMPLATE,
) -> TinyFiles:
    """Write a language model and its vision part into a folder. Takes some ten milliseconds.

    Args:
        head: float32 (V, 64), the output layer, from hidden states to logits; None for random
            numbers.
        template: chat template of the language model; None for a file without one.

    Raises:
        ImportError: the package gguf is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = TinyFiles(folder / LANGUAGE_FILE, folder / VISION_FILE)
    rng = np.random.default_rng(seed)
    _write_language(files.language, kind, rng, head, template)
    _write_vision(files.vision, kind, rng)
    return files


def hidden_head() -> np.ndarray:
    """A ``head`` that copies the hidden state to the first 64 logits."""
    head = np.zeros((len(words()), _WIDTH), np.float32)
    head[:_WIDTH] = np.eye(_WIDTH, dtype=np.float32)
    return head


def fitted_head(hidden: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """A ``head`` fitted by ridge regression, so that the model answers pictures as wanted.

    Args:
        hidden: float (N, 64), hidden states at the first token of the answer for some hundred
            pictures; the first 64 logits of a model written with ``hidden_head``.
        wanted: float (N,), the logit of yes against no for each picture.
    """
    vocabulary = words()
    ridge = 1e-6 * np.eye(_WIDTH)
    weights = np.linalg.solve(hidden.T @ hidden + ridge, hidden.T @ wanted)
    head = np.zeros((len(vocabulary), _WIDTH), np.float32)
    head[vocabulary.index("Yes")] = weights / 2
    head[vocabulary.index("No")] = -weights / 2
    return head


def _write_language(
    path: Path,
    kind: TinyKind,
    rng: np.random.Generator,
    head: np.ndarray | None,
    template: str | None,
) -> None:
    import gguf

    a, vocabulary = kind.architecture, words()
    writer = gguf.GGUFWriter(path, a)
    writer.add_name("tiny")
    writer.add_block_count(_LAYERS)
    writer.add_context_length(8192)
    writer.add_embedding_length(_WIDTH)
    writer.add_feed_forward_length(_FEED)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    half = _WIDTH // _HEADS // 2
    writer.add_array(f"{a}.rope.dimension_sections", [half // 2, half // 4, half // 4, 0])
    if kind.deepstack_layers:
        writer.add_uint32(f"{a}.n_deepstack_layers", kind.deepstack_layers)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(vocabulary)
    plain = len(vocabulary) - len(_SPECIAL)
    writer.add_token_types([_CONTROL] * len(_SPECIAL) + [_NORMAL] * plain)
    writer.add_token_merges(list(_MERGES))
    writer.add_eos_token_id(vocabulary.index("<|im_end|>"))
    writer.add_bos_token_id(vocabulary.index("<|endoftext|>"))
    writer.add_add_bos_token(False)
    if template is not None:
        writer.add_chat_template(template)
    put = _random_tensor_writer(writer, rng)
    put("token_embd.weight", len(vocabulary), _WIDTH)
    writer.add_tensor("output_norm.weight", np.ones(_WIDTH, np.float32))
    if head is None:
        put("output.weight", len(vocabulary), _WIDTH)
    else:
        writer.add_tensor("output.weight", np.ascontiguousarray(head, np.float32))
    for layer in range(_LAYERS):
        block = f"blk.{layer}"
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"{block}.{name}.weight", np.ones(_WIDTH, np.float32))
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            put(f"{block}.{name}.weight", _WIDTH, _WIDTH)
        if kind.deepstack_layers:
            for name in ("attn_q_norm", "attn_k_norm"):
                ones = np.ones(_WIDTH // _HEADS, np.float32)
                writer.add_tensor(f"{block}.{name}.weight", ones)
        put(f"{block}.ffn_gate.weight", _FEED, _WIDTH)
        put(f"{block}.ffn_up.weight", _FEED, _WIDTH)
        put(f"{block}.ffn_down.weight", _WIDTH, _FEED)
    _finish(writer)


def _write_vision(path: Path, kind: TinyKind, rng: np.random.Generator) -> None:
    import gguf

    writer = gguf.GGUFWriter(path, "clip")
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.projector_type", kind.projector)
    writer.add_uint32("clip.vision.image_size", 448)
    writer.add_uint32("clip.vision.patch_size", kind.patch_px)
    writer.add_uint32("clip.vision.embedding_length", _VISION_WIDTH)
    writer.add_uint32("clip.vision.feed_forward_length", _VISION_FEED)
    writer.add_uint32("clip.vision.projection_dim", kind.vision_output_width)
    writer.add_uint32("clip.vision.block_count", _VISION_LAYERS)
    writer.add_uint32("clip.vision.attention.head_count", _VISION_HEADS)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-6)
    writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
    writer.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])
    put = _random_tensor_writer(writer, rng)
    merged = 4 * _VISION_WIDTH
    put("v.patch_embd.weight", _VISION_WIDTH, 3, kind.patch_px, kind.patch_px)
    put("v.patch_embd.weight.1", _VISION_WIDTH, 3, kind.patch_px, kind.patch_px)
    if kind.deepstack_layers:
        put("v.patch_embd.bias", _VISION_WIDTH)
        side = 448 // kind.patch_px
        put("v.position_embd.weight", side * side, _VISION_WIDTH)
        writer.add_array("clip.vision.is_deepstack_layers", [True, False])
        put("v.deepstack.0.fc1.weight", merged, merged)
        put("v.deepstack.0.fc1.bias", merged)
        put("v.deepstack.0.fc2.weight", _WIDTH, merged)
        put("v.deepstack.0.fc2.bias", _WIDTH)
        for parameter in ("weight", "bias"):
            base = np.ones if parameter == "weight" else np.zeros
            writer.add_tensor(f"v.deepstack.0.norm.{parameter}", base(merged, np.float32))
    else:
        writer.add_uint32("clip.vision.n_wa_pattern", _VISION_LAYERS)
    for layer in range(_VISION_LAYERS):
        block = f"v.blk.{layer}"
        for name in ("ln1", "ln2"):
            writer.add_tensor(f"{block}.{name}.weight", np.ones(_VISION_WIDTH, np.float32))
            if kind.deepstack_layers:
                writer.add_tensor(f"{block}.{name}.bias", np.zeros(_VISION_WIDTH, np.float32))
        if kind.deepstack_layers:
            put(f"{block}.attn_qkv.weight", 3 * _VISION_WIDTH, _VISION_WIDTH)
            put(f"{block}.attn_qkv.bias", 3 * _VISION_WIDTH)
        else:
            for name in ("attn_q", "attn_k", "attn_v"):
                put(f"{block}.{name}.weight", _VISION_WIDTH, _VISION_WIDTH)
                put(f"{block}.{name}.bias", _VISION_WIDTH)
            put(f"{block}.ffn_gate.weight", _VISION_FEED, _VISION_WIDTH)
        put(f"{block}.attn_out.weight", _VISION_WIDTH, _VISION_WIDTH)
        put(f"{block}.ffn_up.weight", _VISION_FEED, _VISION_WIDTH)
        put(f"{block}.ffn_down.weight", _VISION_WIDTH, _VISION_FEED)
    writer.add_tensor("v.post_ln.weight", np.ones(_VISION_WIDTH, np.float32))
    if kind.deepstack_layers:
        writer.add_tensor("v.post_ln.bias", np.zeros(_VISION_WIDTH, np.float32))
    put("mm.0.weight", merged, merged)
    put("mm.0.bias", merged)
    put("mm.2.weight", _WIDTH, merged)
    put("mm.2.bias", _WIDTH)
    _finish(writer)


def _random_tensor_writer(writer: GGUFWriter, rng: np.random.Generator) -> Callable[..., None]:
    """A function that adds a tensor of a given name and shape with normally distributed weights."""

    def put(name: str, *shape: int) -> None:
        scale = 0.02 if len(shape) == 1 else np.prod(shape[1:]) ** -0.5
        writer.add_tensor(name, rng.normal(0, scale, shape).astype(np.float32))

    return put


def _finish(writer: GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _gpt2_letter(byte: int) -> str:
    """The character for a byte in GPT-2's vocabulary (Radford et al. 2019, ``bytes_to_unicode``).

    Printable characters of Latin-1 stand for themselves; the other bytes get characters from U+0100
    upwards.
    """
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    if byte in visible:
        return chr(byte)
    return chr(256 + [b for b in range(256) if b not in visible].index(byte))
