"""Families of vision language models, and the check that two files make one model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ModelBroken
from engine.reranking.letterbox import Convention
from engine.weights.gguf_header import read_header

_VISION = "clip"
"""``general.architecture`` of a vision part (mmproj)."""


@dataclass(frozen=True)
class ModelFamily:
    """What the models of one family have in common.

    Attributes:
        architectures: values of ``general.architecture`` of their language models.
        projectors: values of ``clip.projector_type`` of their vision parts.
        patch_px: pixels of the picture's side that become one token; 0 if not known.
        convention: unit of its box coordinates; None if it is only asked for yes or no.
    """

    name: str
    architectures: tuple[str, ...]
    projectors: tuple[str, ...]
    patch_px: int
    convention: Convention | None


QWEN25_VL = ModelFamily("qwen2.5-vl", ("qwen2vl",), ("qwen2.5vl_merger",), 28, Convention.PIXELS)
QWEN3_VL = ModelFamily(
    "qwen3-vl", ("qwen3vl", "qwen3vlmoe"), ("qwen3vl_merger",), 32, Convention.THOUSANDTHS
)
# It gives boxes too, but their accuracy was not measured.
QWEN2_VL = ModelFamily("qwen2-vl", ("qwen2vl",), ("qwen2vl_merger",), 28, None)
OTHER = ModelFamily("other", (), (), 0, None)
FAMILIES = (QWEN25_VL, QWEN3_VL, QWEN2_VL)


def family_of_pair(language_file: Path, vision_file: Path) -> ModelFamily:
    """The family of a language model and a vision part, by their headers; reads no tensor.

    llama.cpp accepts any two files whose vectors have equal width, and then answers nonsense.

    Raises:
        ModelBroken: the files do not belong together; the message says why.
        ModelMissing: a file was deleted.
    """
    language, vision = read_header(language_file), read_header(vision_file)
    architecture = _text(language, "general.architecture", language_file)
    vision_architecture = _text(vision, "general.architecture", vision_file)
    if architecture == _VISION and vision_architecture != _VISION:
        raise _broken(
            language_file,
            f"The two files of the model are swapped: {language_file.name} is the vision part "
            f"(mmproj), {vision_file.name} the language model.",
        )
    if architecture == _VISION:
        raise _broken(language_file, "Both files are vision parts (mmproj); none can answer.")
    if vision_architecture != _VISION:
        raise _broken(vision_file, "Both files are language models; the vision part is missing.")
    projector = _projector(vision, vision_file)
    family = _family(architecture, projector, vision_file)
    if family is not OTHER:
        _check_width(architecture, language, language_file, vision, vision_file)
    return family


def is_vision_part(path: Path) -> bool:
    """Whether a GGUF file is the vision part (mmproj) of a model.

    Raises:
        ModelBroken: it is no readable GGUF file, or has no architecture.
        ModelMissing: there is no such file.
    """
    return _text(read_header(path), "general.architecture", path) == _VISION


def _family(architecture: str, projector: str, vision_file: Path) -> ModelFamily:
    for family in FAMILIES:
        if architecture in family.architectures and projector in family.projectors:
            return family
    # The projector alone does not name the family: later models reuse those of earlier ones.
    if any(architecture in family.architectures for family in FAMILIES):
        raise _broken(
            vision_file,
            f"The vision part (mmproj) belongs to another model: it is for {projector}, the "
            f"language model is {architecture}.",
        )
    return OTHER


def _check_width(
    architecture: str,
    language: Mapping[str, object],
    language_file: Path,
    vision: Mapping[str, object],
    vision_file: Path,
) -> None:
    width = _number(language, f"{architecture}.embedding_length", language_file)
    given = _number(vision, "clip.vision.projection_dim", vision_file)
    layers = language.get(f"{architecture}.n_deepstack_layers", 0)
    # Published files state the width of the language model. The real output is wider by the
    # deepstack layers, and some converters state that.
    wide = width * (1 + layers) if type(layers) is int else width
    if given not in (width, wide):
        raise _broken(
            vision_file,
            "The vision part (mmproj) belongs to a larger or smaller model: it hands over "
            f"vectors of {given} numbers, the language model takes {width}.",
        )


def _projector(vision: Mapping[str, object], path: Path) -> str:
    # Models that also take audio have one projector for each modality.
    key = "clip.projector_type"
    return _text(vision, key if key in vision else "clip.vision.projector_type", path)


def _text(header: Mapping[str, object], key: str, path: Path) -> str:
    value = header.get(key)
    if not isinstance(value, str) or not value:
        raise _broken(path, f"The model file {path.name} does not say its {key}.")
    return value


def _number(header: Mapping[str, object], key: str, path: Path) -> int:
    value = header.get(key)
    if type(value) is not int or value <= 0:
        raise _broken(path, f"The model file {path.name} does not say its {key}.")
    return value


def _broken(path: Path, message: str) -> ModelBroken:
    return ModelBroken(
        message,
        operation="checking a language model",
        path=path,
        hint="Get both files of one model from the same publisher, the language model first.",
    )
