"""The parts of SAM 2 for images: builds the network and loads published weights.

Ravi et al., "SAM 2: Segment Anything in Images and Videos", 2024. Without the memory
for videos.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import ModelBroken, ModelMissing

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class SamArchitecture:
    """The sizes of a SAM 2.1 network (see the package's ``configs/sam2.1``).

    Attributes:
        embed_dim, num_heads, stages, global_att_blocks, window_spec, window_pos_size: parameters
            of the Hiera trunk.
        image_size: side of the square picture that is encoded, pixels.
        width: channels of the image embedding and of the decoder.
    """

    embed_dim: int
    num_heads: int
    stages: tuple[int, ...]
    global_att_blocks: tuple[int, ...]
    window_spec: tuple[int, ...] = (8, 4, 14, 7)
    window_pos_size: tuple[int, int] = (7, 7)
    image_size: int = 1024
    width: int = 256


SAM_ARCHITECTURES = {
    "sam2.1-tiny": SamArchitecture(96, 1, (1, 2, 7, 2), (5, 7, 9)),
    "sam2.1-small": SamArchitecture(96, 1, (1, 2, 11, 2), (7, 10, 13)),
    "sam2.1-base-plus": SamArchitecture(
        112, 2, (2, 3, 16, 3), (12, 16, 20), window_pos_size=(14, 14)
    ),
    "sam2.1-large": SamArchitecture(144, 2, (2, 6, 36, 4), (23, 33, 43), window_spec=(8, 4, 16, 8)),
}
"""Name in the catalogue -> architecture."""

_VIDEO_ONLY = ("memory_", "maskmem_", "no_mem_pos_enc", "no_obj_", "mask_downsample", "obj_ptr_")
"""Prefixes of the weights for videos, which published files hold too and which are ignored."""


def build(architecture: SamArchitecture) -> nn.Module:
    """Build a network with the published names of parameters and torch's initial weights.

    It has ``image_encoder``, ``sam_prompt_encoder``, ``sam_mask_decoder`` and ``no_mem_embed``.

    Raises:
        ModelMissing: the package sam2 is not installed.
    """
    try:
        from sam2.modeling.backbones.hieradet import Hiera
        from sam2.modeling.backbones.image_encoder import FpnNeck, ImageEncoder
        from sam2.modeling.sam.mask_decoder import MaskDecoder
        from sam2.modeling.sam.prompt_encoder import PromptEncoder
        from sam2.modeling.sam.transformer import TwoWayTransformer
    except ImportError as error:
        raise ModelMissing(
            "The package sam2 is not installed, which the full profile finds things with.",
            operation="loading the mask model",
            hint="Set Pickout up again with its extra called full.",
        ) from error
    import torch
    from torch import nn

    width, side = architecture.width, architecture.image_size // 16
    trunk = Hiera(
        embed_dim=architecture.embed_dim,
        num_heads=architecture.num_heads,
        stages=architecture.stages,
        global_att_blocks=architecture.global_att_blocks,
        window_spec=architecture.window_spec,
        window_pos_embed_bkg_spatial_size=architecture.window_pos_size,
    )
    neck = FpnNeck(
        # Only videos use its sine encoding, 90 MB which it would put on the graphics card at once.
        position_encoding=nn.Identity(),
        d_model=width,
        backbone_channel_list=trunk.channel_list,
        fpn_top_down_levels=[2, 3],
        fpn_interp_model="nearest",
    )
    network = nn.Module()
    network.image_encoder = ImageEncoder(trunk, neck, scalp=1)
    network.sam_prompt_encoder = PromptEncoder(
        width, (side, side), (architecture.image_size,) * 2, mask_in_chans=16
    )
    network.sam_mask_decoder = MaskDecoder(
        num_multimask_outputs=3,
        transformer=TwoWayTransformer(2, width, num_heads=8, mlp_dim=2048),
        transformer_dim=width,
        use_high_res_features=True,
        iou_prediction_use_sigmoid=True,
        pred_obj_scores=True,
        pred_obj_scores_mlp=True,
        use_multimask_token_for_obj_ptr=True,
    )
    network.no_mem_embed = nn.Parameter(torch.zeros(1, 1, width))
    return network.eval()


def load(checkpoint: Path, architecture: SamArchitecture) -> nn.Module:
    """Build the network and load the weights of a published file (``{"model": state dict}``).

    Raises:
        ModelMissing: the file or the package sam2 is missing.
        ModelBroken: the file is damaged, or not of this architecture.
    """
    from engine.weights.checkpoint import read_state_dict

    network = build(architecture)
    fill(network, read_state_dict(checkpoint), checkpoint)
    return network


def fill(network: nn.Module, weights: Mapping[str, torch.Tensor], path: Path) -> None:
    """Load all weights into the network.

    Raises:
        ModelBroken: weights are missing, of another size, or unknown and not for videos. The
            error names ``path``.
    """
    expected = network.state_dict()
    missing = sorted(name for name in expected if name not in weights)
    unknown = sorted(
        name for name in weights if name not in expected and not name.startswith(_VIDEO_ONLY)
    )
    shapes = [n for n in expected if n in weights and weights[n].shape != expected[n].shape]
    if missing or unknown or shapes:
        first = (missing or shapes or unknown)[0]
        raise ModelBroken(
            f"This file does not hold the mask model it should: {len(missing)} weights are "
            f"missing, {len(shapes)} have another size, {len(unknown)} are unknown, the first "
            f"{first}.",
            operation="loading the mask model",
            path=path,
            hint="Import the file that belongs to the chosen size of SAM 2.1.",
        )
    network.load_state_dict({name: weights[name] for name in expected})


def stock_generator(
    network: nn.Module,
    architecture: SamArchitecture,
    *,
    points_per_side: int,
    iou_from: float,
    stability_from: float,
    stability_offset: float,
    nms_iou: float,
    batch: int = 64,
) -> Any:
    """The package's own ``SAM2AutomaticMaskGenerator`` on the CPU, for comparisons.

    It has the network's weights; the thresholds are named as in ``SamSettings``.
    """
    from sam2.automatic_mask_generator import SAM2AutomaticMaskGenerator
    from sam2.build_sam import build_sam2

    channels = [architecture.embed_dim * 2**k for k in (3, 2, 1, 0)]
    trunk = "model.image_encoder.trunk"
    overrides = {
        "model.image_size": architecture.image_size,
        f"{trunk}.embed_dim": architecture.embed_dim,
        f"{trunk}.num_heads": architecture.num_heads,
        f"{trunk}.stages": list(architecture.stages),
        f"{trunk}.global_att_blocks": list(architecture.global_att_blocks),
        f"+{trunk}.window_spec": list(architecture.window_spec),
        f"{trunk}.window_pos_embed_bkg_spatial_size": list(architecture.window_pos_size),
        "model.image_encoder.neck.backbone_channel_list": channels,
    }
    model = build_sam2(
        "configs/sam2.1/sam2.1_hiera_t.yaml",
        None,
        device="cpu",
        hydra_overrides_extra=[f"{name}={value}" for name, value in overrides.items()],
        apply_postprocessing=False,
    )
    model.load_state_dict(network.state_dict(), strict=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # raised by its compiled transforms
        generator = SAM2AutomaticMaskGenerator(
            model,
            points_per_side=points_per_side,
            points_per_batch=batch,
            pred_iou_thresh=iou_from,
            stability_score_thresh=stability_from,
            stability_score_offset=stability_offset,
            box_nms_thresh=nms_iou,
            output_mode="coco_rle",
        )
    # The package assumes pictures of 1,024 x 1,024 pixels.
    sides = [architecture.image_size // stride for stride in (4, 8, 16)]
    generator.predictor._bb_feat_sizes = [(side, side) for side in sides]
    return generator
