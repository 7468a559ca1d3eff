"""Drawing masks by dynamic convolutions, and learning to."""

import numpy as np
import pytest
import torch

from engine.profiles.starter import shipped_folder
from engine.starter.image import mask_proposer
from engine.starter.image.backbone import CHANNELS, FILE_NAME, STRIDES, Backbone
from engine.starter.image.mask_head import (
    CONTROLLER_WEIGHTS,
    MASK_CHANNELS,
    build_mask_head,
    draw_masks,
)
from engine.starter.image.network import Network
from engine.training.mask_training import _centre_cells, _targets, train_mask_head
from engine.training.network_export import export_mask_head
from engine.training.training_photos import (
    CROP_PX,
    Crop,
    Instance,
    TrainingPhoto,
    augmented_crop,
    without,
)


def disc_photo(seed: int = 0) -> TrainingPhoto:
    """A bright disc on noise."""
    rng = np.random.default_rng(seed)
    rgb = rng.integers(40, 80, (300, 400, 3), dtype=np.uint8)
    ys, xs = np.mgrid[:300, :400]
    disc = (xs - 180) ** 2 + (ys - 140) ** 2 < 70**2
    rgb[disc] = (230, 60, 60)
    mask = disc[70:211, 110:251]
    return TrainingPhoto("disc", rgb, (Instance(mask, (110, 70, 251, 211), "disc", False),))


def test_drawing_equals_a_plain_three_layer_network_on_features_and_coordinates():
    torch.manual_seed(0)
    fine = torch.randn(MASK_CHANNELS, 6, 9)
    weights = torch.randn(2, CONTROLLER_WEIGHTS)
    centres = torch.tensor([[10.0, 7.0], [30.0, 20.0]])
    scales = torch.tensor([64.0, 128.0])
    drawn = draw_masks(fine, weights, centres, scales)
    ys, xs = torch.meshgrid(torch.arange(6) * 4 + 2.0, torch.arange(9) * 4 + 2.0, indexing="ij")
    for n in range(2):
        place = torch.stack([(xs - centres[n, 0]) / scales[n], (ys - centres[n, 1]) / scales[n]])
        x = torch.cat([fine, place]).reshape(MASK_CHANNELS + 2, -1)
        offset = 0
        for inputs, outputs, last in ((10, 8, False), (8, 8, False), (8, 1, True)):
            matrix = weights[n, offset : offset + inputs * outputs].view(outputs, inputs)
            offset += inputs * outputs
            x = matrix @ x + weights[n, offset : offset + outputs, None]
            offset += outputs
            x = x if last else x.relu()
        np.testing.assert_allclose(drawn[n].numpy(), x.view(6, 9).numpy(), atol=1e-4)


def test_an_augmented_mask_lies_on_the_augmented_thing():
    photo = disc_photo()
    for seed in range(6):
        crop = augmented_crop([photo], 0, np.random.default_rng(seed))
        assert crop.rgb.shape == (CROP_PX, CROP_PX, 3)
        for mask in crop.masks:
            inside = np.kron(mask > 0.9, np.ones((4, 4), bool))
            if inside.sum() < 400:
                continue
            pixels = crop.rgb[inside].astype(float)
            outside = crop.rgb[np.kron(mask < 0.1, np.ones((4, 4), bool))].astype(float)
            # Red may be turned grey or dark, but the disc still differs from what is around it.
            assert np.abs(np.median(pixels, 0) - np.median(outside, 0)).max() > 15


def test_every_thing_has_a_cell_that_lies_on_it():
    mask = np.zeros((CROP_PX // 4, CROP_PX // 4), np.float32)
    mask[10:70, 10:14] = 1
    mask[66:70, 10:70] = 1  # an L: the middle of its box is not on it
    crop = Crop(np.zeros((CROP_PX, CROP_PX, 3), np.uint8), mask[None], np.zeros(mask.shape, bool))
    owned = 0
    for positive, ignored, owner in _targets(crop):
        assert not (positive & ignored).any()
        assert ((owner == 0) == positive).all()
        owned += positive.sum()
    assert owned >= 1
    ys, xs = _centre_cells(mask > 0.5, np.array([40, 40, 280, 280.0]), 16, 4, CROP_PX // 16)
    assert (mask[ys * 4 + 2, xs * 4 + 2] > 0).any() or len(ys) == 1


def test_training_is_reproducible_and_learns():
    lines: list[str] = []
    backbone = Backbone(shipped_folder() / FILE_NAME)
    photos = [disc_photo()]
    first = train_mask_head(
        photos, steps=2, batch=1, seed=3, backbone=backbone, report=lines.append
    )
    again = train_mask_head(
        photos, steps=2, batch=1, seed=3, backbone=backbone, report=lines.append
    )
    other = train_mask_head(
        photos, steps=2, batch=1, seed=4, backbone=backbone, report=lines.append
    )
    untrained = build_mask_head().state_dict()
    weights, repeated, differing = first.state_dict(), again.state_dict(), other.state_dict()
    assert all(torch.equal(weights[k], repeated[k]) for k in weights)
    assert any(not torch.equal(weights[k], differing[k]) for k in weights)
    assert set(weights) == set(untrained)
    assert "step 2/2" in lines[0]


@pytest.mark.parametrize("size_hw", [(64, 96), (160, 128)])
def test_the_exported_networks_equal_the_trained_ones(tmp_path, size_hw):
    torch.manual_seed(0)
    head = build_mask_head().eval()
    export_mask_head(head, tmp_path)
    rng = np.random.default_rng(0)
    maps = [
        rng.random((1, c, size_hw[0] // s, size_hw[1] // s), np.float32)
        for c, s in zip(CHANNELS, STRIDES, strict=True)
    ]
    with torch.no_grad():
        grids, fine = head([torch.from_numpy(each) for each in maps])
    names = mask_proposer.HEAD_INPUTS
    *ours, our_fine = Network(tmp_path / mask_proposer.HEAD_FILE_NAME).run(
        mask_proposer.HEAD_OUTPUTS, **dict(zip(names, maps, strict=True))
    )
    for mine, theirs in zip([*ours, our_fine], [*grids, fine], strict=True):
        np.testing.assert_allclose(mine, theirs.numpy(), atol=5e-3)
    cells = rng.standard_normal((3, CONTROLLER_WEIGHTS)).astype(np.float32)
    centres = rng.random((3, 2), np.float32) * 60
    scales = np.array([64, 128, 256], np.float32)
    drawn = Network(tmp_path / mask_proposer.DRAWER_FILE_NAME).run(
        mask_proposer.DRAWER_OUTPUTS,
        fine=our_fine[0],
        weights=cells,
        centres=centres,
        scales=scales,
    )[0]
    everything = (our_fine[0], cells, centres, scales)
    expected = draw_masks(*(torch.from_numpy(each) for each in everything)).sigmoid().numpy()
    np.testing.assert_allclose(drawn, expected, atol=1e-5)


def test_left_out_categories_are_marked_as_crowds():
    photo = disc_photo()
    assert without(photo, frozenset({"disc"})).instances[0].crowd
    assert not without(photo, frozenset({"cat"})).instances[0].crowd
    crop = augmented_crop([without(photo, frozenset({"disc"}))], 0, np.random.default_rng(0))
    assert len(crop.masks) == 0
    assert crop.crowd.any()
