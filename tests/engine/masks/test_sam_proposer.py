"""Masks from SAM 2: a miniature of the real architecture against the package's own generator."""

import copy
import dataclasses

import numpy as np
import pytest
import torch

from engine.errors import BadRequest, ModelBroken, ModelMissing
from engine.masks.proposer import MaskProposer, PromptableProposer
from engine.masks.sam_decoder import SamDecoder
from engine.masks.sam_model import SamModel
from engine.masks.sam_network import (
    SAM_ARCHITECTURES,
    SamArchitecture,
    build,
    fill,
    stock_generator,
)
from engine.masks.sam_proposer import SamProposer, SamSettings, load_sam_proposer
from engine.records import BoxXyxy
from engine.tiny_models.random_sam import coco_rle, matched_share, random_network
from engine.weights.device import OUT_OF_MEMORY_NOTE, PROCESSOR
from tests.fakes.devices import CARD, is_on_card, out_of_memory

MINIATURE = SamArchitecture(16, 1, (1, 1, 2, 1), (3,), image_size=256)
EXACT = SamSettings(
    points_per_side=6,
    adaptive=False,
    stability_from=0.5,
    stability_offset=0.5,
    nms_iou=0.9,
    tidy=False,
    most=10_000,
)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    rng = np.random.default_rng(0)
    rgb = np.full((180, 240, 3), 90, np.uint8)
    for _ in range(12):
        y, x = rng.integers(0, 150), rng.integers(0, 200)
        rgb[y : y + rng.integers(10, 60), x : x + rng.integers(10, 60)] = rng.integers(0, 255, 3)
    return rgb


@pytest.fixture(scope="module")
def network(photo) -> torch.nn.Module:
    return random_network(MINIATURE, photo)


def test_the_decoder_equals_the_packages_own(network):
    rng = torch.Generator().manual_seed(1)
    embedding = torch.randn(1, 256, 16, 16, generator=rng)
    quarter = torch.randn(1, 32, 64, 64, generator=rng)
    eighth = torch.randn(1, 64, 32, 32, generator=rng)
    points = torch.rand(5, 2, 2, generator=rng) * 256
    labels = torch.tensor([[1, 0]] * 3 + [[2, 3]] * 2, dtype=torch.int)
    with torch.inference_mode():
        sparse, dense = network.sam_prompt_encoder(points=(points, labels), boxes=None, masks=None)
        masks, iou, tokens, _ = network.sam_mask_decoder.predict_masks(
            embedding,
            network.sam_prompt_encoder.get_dense_pe(),
            sparse,
            dense,
            True,
            [quarter, eighth],
        )
        ours = SamDecoder(network)
        ours.set_photo(embedding, quarter, eighth)
        decoded = ours.decode(points, labels)
        prompts, kinds = torch.tensor([0, 0, 3, 4]), torch.tensor([2, 0, 1, 3])
        drawn = ours.draw(decoded, prompts, kinds)
    torch.testing.assert_close(decoded.predicted_iou, iou, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(decoded.mask_tokens, tokens, atol=1e-4, rtol=1e-4)
    scale = float(masks.abs().mean())
    torch.testing.assert_close(drawn, masks[prompts, kinds], atol=1e-4 * scale, rtol=1e-3)


def test_it_is_a_proposer_of_both_kinds(network):
    ours = SamProposer(network, PROCESSOR, EXACT)
    assert isinstance(ours, MaskProposer) and isinstance(ours, PromptableProposer)


def test_exact_mode_finds_what_the_stock_generator_finds(network, photo):
    ours = SamProposer(network, PROCESSOR, EXACT).propose(photo)
    names = ("points_per_side", "iou_from", "stability_from", "stability_offset", "nms_iou")
    thresholds = {name: getattr(EXACT, name) for name in names}
    stock = stock_generator(network, MINIATURE, **thresholds).generate(photo)
    masks, others = [coco_rle(o.mask_hw) for o in ours], [s["segmentation"] for s in stock]
    assert len(others) >= 8
    assert matched_share(masks, others) >= 0.95
    assert matched_share(others, masks) >= 0.95
    scores = [proposal.score for proposal in ours]
    assert scores == sorted(scores, reverse=True)


def test_other_weights_give_other_masks(network, photo):
    """So the comparison of the test above depends on the network."""
    other = random_network(MINIATURE, photo, seed=1)
    ours = SamProposer(network, PROCESSOR, EXACT).propose(photo)
    theirs = SamProposer(other, PROCESSOR, EXACT).propose(photo)
    masks, others = [coco_rle(o.mask_hw) for o in ours], [coco_rle(o.mask_hw) for o in theirs]
    assert matched_share(masks, others) < 0.5


def test_proposals_are_tight_and_few(network, photo):
    settings = dataclasses.replace(EXACT, most=3, tidy=True)
    proposals = SamProposer(network, PROCESSOR, settings).propose(photo)
    assert 0 < len(proposals) <= 3
    for proposal in proposals:
        assert proposal.mask_hw.shape == photo.shape[:2]
        rows, columns = np.nonzero(proposal.mask_hw)
        tight = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert proposal.box_xyxy.as_tuple() == tight


def test_the_adaptive_grid_stays_within_its_budget(network, photo):
    settings = dataclasses.replace(EXACT, points_per_side=8, adaptive=True, batch=4)
    proposer = SamProposer(network, PROCESSOR, settings)
    assert proposer.propose(photo)
    assert 0 < proposer.prompt_count <= 0.4 * 64


def test_masks_of_crops_have_the_size_of_the_photo(network, photo):
    settings = dataclasses.replace(EXACT, points_per_side=4, crops=True)
    proposer = SamProposer(network, PROCESSOR, settings)
    found = proposer.propose(photo)
    assert proposer.prompt_count == 5 * 16
    assert {proposal.mask_hw.shape for proposal in found} == {photo.shape[:2]}


def test_clicks_and_boxes_give_one_mask(network, photo):
    proposer = SamProposer(network, PROCESSOR, EXACT)
    clicks = [(x, y) for x in (40, 120, 200) for y in (30, 90, 150)]
    clicked = [proposer.segment(photo, points_xy=[at], inside=[True]) for at in clicks]
    boxed = [
        proposer.segment(photo, box=BoxXyxy(x - 30, y - 20, x + 30, y + 20)) for x, y in clicks
    ]
    both = [
        proposer.segment(
            photo, [(x, y), (0, 0)], [True, False], BoxXyxy(x - 9, y - 9, x + 9, y + 9)
        )
        for x, y in clicks
    ]
    for proposals in (clicked, boxed, both):
        found = [proposal for proposal in proposals if proposal is not None]
        assert found
        assert {proposal.mask_hw.shape for proposal in found} == {photo.shape[:2]}
        assert len({proposal.mask_hw.tobytes() for proposal in found}) > 1 or len(found) == 1
    again = proposer.segment(photo, points_xy=[clicks[0]], inside=[True])
    assert (again is None) == (clicked[0] is None)
    with pytest.raises(BadRequest, match="Nothing was pointed at"):
        proposer.segment(photo)


def test_a_photo_is_encoded_once_for_many_clicks(network, photo):
    proposer = SamProposer(network, PROCESSOR, EXACT)
    passes = []
    hook = network.image_encoder.register_forward_hook(lambda *_: passes.append(1))
    try:
        for x in (40, 80, 120):
            proposer.segment(photo, points_xy=[(x, 60)], inside=[True])
        assert len(passes) == 1
        proposer.segment(photo[:, ::-1], points_xy=[(40, 60)], inside=[True])
        assert len(passes) == 2
    finally:
        hook.remove()


@pytest.mark.parametrize("size_hw", [(1, 1), (3, 300), (300, 3)])
def test_tiny_and_thin_photos_work(network, size_hw):
    rgb = np.full((*size_hw, 3), 128, np.uint8)
    for proposal in SamProposer(network, PROCESSOR, EXACT).propose(rgb):
        assert proposal.mask_hw.shape == size_hw


def test_weights_of_another_size_are_refused_by_name(tmp_path):
    small = build(MINIATURE).state_dict()
    with pytest.raises(ModelBroken) as caught:
        fill(build(dataclasses.replace(MINIATURE, embed_dim=32)), small, tmp_path / "sam.pt")
    assert caught.value.path == tmp_path / "sam.pt"
    del small["no_mem_embed"]
    with pytest.raises(ModelBroken, match=r"1 weights are missing.*no_mem_embed"):
        fill(build(MINIATURE), small, tmp_path / "sam.pt")


def test_weights_for_videos_are_ignored(tmp_path):
    weights = build(MINIATURE).state_dict()
    weights["memory_encoder.out_proj.weight"] = torch.zeros(1)
    fill(build(MINIATURE), weights, tmp_path / "sam.pt")
    weights["something.else"] = torch.zeros(1)
    with pytest.raises(ModelBroken, match="1 are unknown"):
        fill(build(MINIATURE), weights, tmp_path / "sam.pt")


def test_a_published_file_is_loaded(tmp_path, network, photo):
    path = tmp_path / "sam2.1_hiera_toy.pt"
    torch.save({"model": network.state_dict()}, path)
    loaded = load_sam_proposer(path, MINIATURE, device="cpu", settings=EXACT)
    ours = SamProposer(network, PROCESSOR, EXACT).propose(photo)
    for proposal, other in zip(loaded.propose(photo), ours, strict=True):
        assert (proposal.mask_hw == other.mask_hw).all()
    with pytest.raises(ModelMissing):
        load_sam_proposer(tmp_path / "nothing.pt", MINIATURE)


# --- devices


def rles(proposals) -> list[dict]:
    return [coco_rle(proposal.mask_hw) for proposal in proposals]


def assert_same_masks(proposals, others, least: float = 0.9) -> None:
    assert len(others) >= 8
    assert matched_share(rles(proposals), rles(others)) >= least
    assert matched_share(rles(others), rles(proposals)) >= least


def test_half_precision_gives_the_same_masks(network, photo):
    expected = SamProposer(network, PROCESSOR, EXACT).propose(photo)
    proposer = SamProposer(copy.deepcopy(network), CARD, EXACT)
    assert_same_masks(proposer.propose(photo), expected)
    assert proposer.note == ""


def test_numbers_too_large_for_half_precision_are_computed_at_full(network, photo):
    network = copy.deepcopy(network)
    for convolution in network.image_encoder.neck.convs:
        convolution.conv.bias.data.fill_(6e4)  # the sum of two levels exceeds 65,504
    model = SamModel(network, PROCESSOR)
    with torch.inference_mode():
        expected = model.image_features(photo)
        model = SamModel(copy.deepcopy(network), CARD)
        assert torch.isinf(model.image_features(photo)[0]).all()
        model.encode(photo)
        for level, other in zip(model.image_features(photo), expected, strict=True):
            torch.testing.assert_close(level, other, rtol=1e-2, atol=1e-2 * float(other.max()))
    assert model.device.name == CARD.name and not model.device.half


def test_smaller_batches_of_prompts_give_the_same_masks(network, photo):
    network = copy.deepcopy(network)
    expected = SamProposer(network, CARD, EXACT).propose(photo)
    with out_of_memory(network.sam_prompt_encoder, lambda points: len(points) > 3) as tried:
        proposer = SamProposer(network, CARD, EXACT)
        found = proposer.propose(photo)
    assert max(tried) > 3 and proposer.note == ""
    assert_same_masks(found, expected)


def test_without_memory_on_the_card_the_masks_come_from_the_processor(network, photo):
    expected = SamProposer(network, PROCESSOR, EXACT).propose(photo)
    click = {"points_xy": [(120, 90)], "inside": [True]}
    clicked = SamProposer(network, PROCESSOR, EXACT).segment(photo, **click)
    network = copy.deepcopy(network)
    proposer = SamProposer(network, CARD, EXACT)
    with out_of_memory(network.image_encoder, is_on_card):
        assert_same_masks(proposer.propose(photo), expected)
        assert proposer.note == OUT_OF_MEMORY_NOTE
        found = proposer.segment(photo, **click)
        assert (found.mask_hw == clicked.mask_hw).mean() > 0.99
        assert proposer.note == OUT_OF_MEMORY_NOTE
    assert_same_masks(proposer.propose(photo), expected)
    assert proposer.note == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", SAM_ARCHITECTURES)
def test_every_published_size_is_the_packages_own(name):
    from sam2.build_sam import build_sam2

    short = {"tiny": "t", "small": "s", "base-plus": "b+", "large": "l"}[name[7:]]
    config = f"configs/sam2.1/sam2.1_hiera_{short}.yaml"
    ours = build(SAM_ARCHITECTURES[name]).state_dict()
    theirs = build_sam2(config, None, device="cpu").state_dict()
    for key, value in ours.items():
        assert value.shape == theirs[key].shape, key
