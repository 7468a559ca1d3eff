"""Features of regions and photos for one query."""

from __future__ import annotations

import numpy as np
import pytest

from engine.starter.matching.match_features import (
    PHOTO_FEATURES,
    REGION_FEATURES,
    MatchFeatures,
    QueryStatistics,
)
from engine.starter.matching.reference_statistics import ReferenceStatistics
from engine.starter.matching.region_geometry import RegionGeometry
from engine.store.rows import RegionRows

COW, DOG, BARN = np.eye(3, dtype=np.float32)
NAMES = np.stack([COW, DOG, BARN])
REFERENCE = ReferenceStatistics(
    np.zeros(3, np.float32), np.eye(3) * 0.01, np.zeros(3, np.float32), np.eye(3) * 0.01
)
SIMILARITY, Z_SCORE, MARGIN, PART_EXCESS, FROM_BEST_MARGIN = 0, 1, 2, 6, 13


def prepared(*regions: tuple[np.ndarray, tuple], whole=BARN) -> RegionRows:
    """Of regions (vector, box)."""
    boxes = np.array([box for _, box in regions], np.float32).reshape(-1, 4)
    sides = boxes[:, 2:] - boxes[:, :2]
    return RegionRows(
        ids=np.arange(len(regions)),
        boxes_xyxy=boxes,
        mask_scores=np.full(len(regions), 0.5, np.float32),
        area_fractions=sides[:, 0] * sides[:, 1],
        vectors=np.array([vector for vector, _ in regions], np.float32).reshape(-1, 3),
        whole=whole.astype(np.float32),
    )


def features(*photos: RegionRows) -> MatchFeatures:
    query = QueryStatistics(DOG, REFERENCE, NAMES, None, np.arange(3))
    return MatchFeatures(photos, RegionGeometry(photos), DOG, query)


def regions_of(*regions: tuple[np.ndarray, tuple]) -> np.ndarray:
    return features(prepared(*regions)).regions[0]


WHOLE_BOX, LEG_BOX, ELSEWHERE = (0.1, 0.1, 0.7, 0.8), (0.2, 0.5, 0.3, 0.8), (0.75, 0.1, 0.95, 0.4)


def test_the_margin_says_what_else_a_region_could_be() -> None:
    found = regions_of((0.5 * DOG + 0.7 * COW, WHOLE_BOX), (0.5 * DOG, ELSEWHERE))
    assert found[:, SIMILARITY] == pytest.approx([0.5, 0.5])
    assert found[:, Z_SCORE] == pytest.approx([5.0, 5.0])
    assert found[0, MARGIN] == pytest.approx(-0.2, abs=1e-3)
    assert found[1, MARGIN] == pytest.approx(0.5, abs=1e-3)


def test_a_leg_of_a_cow_is_behind_a_dog() -> None:
    leg = 0.5 * DOG + 0.45 * COW
    beside_a_dog = regions_of((0.5 * DOG, WHOLE_BOX), (leg, ELSEWHERE))[1]
    alone = regions_of((leg, ELSEWHERE))[0]
    assert beside_a_dog[FROM_BEST_MARGIN] < -0.4 and alone[FROM_BEST_MARGIN] == 0.0


def test_a_whole_knows_of_its_more_similar_part() -> None:
    found = regions_of((0.4 * DOG, WHOLE_BOX), (0.6 * DOG, LEG_BOX))
    assert found[0, PART_EXCESS] == pytest.approx(0.2)
    assert found[1, PART_EXCESS] == 0.0


def test_all_numbers_are_finite_and_as_many_as_promised() -> None:
    some = features(prepared((DOG, WHOLE_BOX), (COW, LEG_BOX), (BARN, ELSEWHERE)))
    assert some.regions.shape == (1, 3, REGION_FEATURES)
    nothing = features(prepared())
    assert nothing.counts.tolist() == [0] and not nothing.present.any()
    for found in (some, nothing):
        of_photos = found.photos(np.full(found.present.shape, 0.5))
        assert of_photos.shape == (1, PHOTO_FEATURES) and np.isfinite(of_photos).all()
        assert np.isfinite(found.regions[found.present]).all()
    assert features().photos(np.zeros((0, 1))).shape == (0, PHOTO_FEATURES)


def test_a_photo_without_regions_is_one_region_that_is_the_photo() -> None:
    like, unlike = features(prepared(whole=DOG), prepared(whole=COW)).photos(np.zeros((2, 1)))
    assert (like[[2, 3, 5]] > unlike[[2, 3, 5]]).all()


def test_photos_have_the_same_features_alone_and_among_others() -> None:
    photos = [
        prepared((DOG, WHOLE_BOX), (0.4 * DOG + 0.3 * COW, LEG_BOX), (BARN, ELSEWHERE)),
        prepared(whole=COW),
        prepared((0.7 * DOG + 0.2 * BARN, ELSEWHERE)),
        prepared((0.3 * DOG, LEG_BOX), (0.6 * DOG, WHOLE_BOX), whole=DOG),
    ]
    together = features(*photos)
    probabilities = np.linspace(0.05, 0.95, together.present.size).reshape(together.present.shape)
    of_photos = together.photos(probabilities)
    for k, photo in enumerate(photos):
        alone, count = features(photo), together.counts[k]
        np.testing.assert_allclose(alone.regions[0, :count], together.regions[k, :count])
        given = probabilities[k : k + 1, : alone.present.shape[1]]
        np.testing.assert_allclose(alone.photos(given)[0], of_photos[k])


def test_of_other_things_only_the_everyday_name_counts() -> None:
    names = np.eye(4, dtype=np.float32)
    reference = ReferenceStatistics(
        np.zeros(4, np.float32), np.eye(4) * 0.01, np.zeros(4, np.float32), np.eye(4) * 0.01
    )
    own_name, breed_of_2 = np.arange(4), np.array([0, 1, 2, 2])
    cup, dog, breed = names[0], names[2], names[3]
    region = (0.5 * cup + 0.3 * dog + 0.4 * breed)[None]
    none = np.zeros(4, bool)

    def other(everyday_names: np.ndarray, general: np.ndarray) -> float:
        relatives = (np.arange(4) == 0, general)
        query = QueryStatistics(cup, reference, names, relatives, everyday_names)
        return float(query.compared(region, region @ cup)[0][0])

    assert other(own_name, none) == pytest.approx(0.4)
    assert other(breed_of_2, none) == pytest.approx(0.3)
    assert other(breed_of_2, np.arange(4) == 2) == pytest.approx(0.4), "kinds of what it may be"
