"""Features and scores of the region selection."""

import numpy as np

from engine.scoring.photo_scorer import RegionSimilarities
from engine.starter.matching.calibration import Calibration
from engine.starter.matching.region_selection import selection_features, selection_scores
from engine.starter.matching.scorer import StarterScorer


def similarities(scores, boxes, areas=None, masks=None, whole=0.0) -> RegionSimilarities:
    boxes = np.array(boxes, np.float32)
    sides = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return RegionSimilarities(
        np.array(scores, np.float32),
        np.array(masks or [0.5] * len(boxes), np.float32),
        boxes,
        np.array(areas, np.float32) if areas else sides,
        whole,
    )


HEAD, BODY, APART = (0.4, 0.4, 0.5, 0.5), (0.3, 0.3, 0.7, 0.7), (0.8, 0.0, 1.0, 0.2)


def test_features_hold_the_margin_of_the_best_part_and_of_the_best_enclosing_region():
    rows = selection_features(similarities([0.6, 0.5, 0.1], [HEAD, BODY, APART]))
    better_part, better_whole, inside = rows[:, 4], rows[:, 5], rows[:, 9]
    np.testing.assert_allclose(better_part, [0, 0.1, 0], atol=1e-6)
    np.testing.assert_allclose(better_whole, [0, 0, 0])
    assert inside[1] == 1
    assert inside[0] == inside[2] == 0
    rows = selection_features(similarities([0.5, 0.6, 0.1], [HEAD, BODY, APART]))
    np.testing.assert_allclose(rows[:, 5], [0.1, 0, 0], atol=1e-6)


def test_features_hold_touched_borders_and_the_filled_share_of_the_box():
    rows = selection_features(similarities([0.1, 0.1], [APART, BODY], areas=[0.02, 0.16]))
    assert rows[:, 6].tolist() == [2, 0]
    np.testing.assert_allclose(rows[:, 7], [0.5, 1.0], rtol=1e-5)


def test_a_single_region_with_an_empty_mask_has_finite_features():
    rows = selection_features(similarities([0.3], [(0.2, 0.2, 0.2, 0.2)], masks=[0.0], areas=[0.0]))
    assert np.isfinite(rows).all()
    assert rows.shape == (1, 10)


def test_the_scorer_shows_the_selected_region_and_ranks_by_the_best():
    by_area = (0.0, 0.0, 1.0, *[0.0] * 7)
    scorer = StarterScorer(Calibration(0.5, (2.0, 0.25), by_area, (), 0.5, 0.15))
    with_regions = similarities([0.6, 0.5, 0.1], [HEAD, BODY, APART], whole=0.2)
    assert scorer.region(with_regions) == 1
    np.testing.assert_allclose(scorer.score(with_regions), 0.7, rtol=1e-6)
    nothing = np.zeros(0, np.float32)
    without_regions = RegionSimilarities(
        nothing, nothing, np.zeros((0, 4), np.float32), nothing, 0.2
    )
    assert scorer.region(without_regions) is None
    np.testing.assert_allclose(scorer.score(without_regions), 0.65)


def test_a_tiny_region_is_shown_only_if_it_is_much_more_similar():
    tiny, large = (0.7, 0.9, 0.75, 0.94), (0.3, 0.3, 0.8, 0.9)
    by_similarity = np.array([10.0, *[0.0] * 9])
    close = selection_scores(similarities([0.62, 0.55], [tiny, large]), by_similarity)
    assert close.argmax() == 1
    clear = selection_scores(similarities([0.90, 0.55], [tiny, large]), by_similarity)
    assert clear.argmax() == 0
