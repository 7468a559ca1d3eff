"""Order, verdicts and the place of hits that a verifier has looked at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.fusion.plan_match import PlanMatch
from engine.fusion.plan_scorer import PlanScorer
from engine.masks.rle import decode, encode
from engine.records import (
    BoxXyxy,
    Photo,
    PhotoId,
    QueryPlan,
    Region,
    RegionId,
    SearchHit,
    Span,
    Thing,
    Verdict,
)
from engine.scoring.verifier import Candidate, Verification
from engine.search.ranking import (
    RankedPhoto,
    Ranking,
    rank_by_example,
    rank_by_plan,
    reordered,
    verdict,
    with_verification,
    z_scores,
)
from engine.store.rows import RegionRows
from tests.fakes.colour_models import ColourScorer, PixelVerifier


def rows(*similarities: float, whole: float = 0.0) -> RegionRows:
    """Regions whose dot product with (1, 0) is as given."""
    count = len(similarities)
    return RegionRows(
        ids=np.arange(count),
        boxes_xyxy=np.zeros((count, 4), np.float32),
        mask_scores=np.ones(count, np.float32),
        area_fractions=np.ones(count, np.float32),
        vectors=np.array([(s, 0) for s in similarities], np.float32).reshape(-1, 2),
        whole=np.array([whole, 0], np.float32),
    )


def hit(number: int, score: float, probability: float | None = None) -> SearchHit:
    photo = Photo(PhotoId(number), Path(f"{number}.jpg"), (100, 100))
    return SearchHit(photo, score, None, probability=probability)


class OneDirection(ColourScorer):
    """Every name has the vector (1, 0)."""

    ndim = 2

    def __init__(self) -> None:
        super().__init__()
        self.ndim = 2

    def query_vectors(self, names, sentence=""):
        vectors = np.tile(np.array([1, 0], np.float32), (len(names) + 1, 1))
        return vectors[:-1], vectors[-1] * bool(sentence)


def scorer(**more) -> PlanScorer:
    thing = Thing(("x",), Span(0, 1))
    return PlanScorer(QueryPlan("x", "x", (thing,), **more), OneDirection())


def test_the_best_photos_come_first_and_ties_by_id() -> None:
    photos = {7: rows(0.1, 0.9), 3: rows(0.5), 9: rows(0.5), 2: rows(), 1: rows(-1.0)}
    ranked = list(rank_by_plan(scorer(), photos, 10))
    assert [item.photo_id for item in ranked] == [7, 3, 9, 1, 2]
    assert ranked[0].match.region == 1 and ranked[-1].match.region is None


def test_photos_with_what_must_not_be_there_are_left_out() -> None:
    found = PlanScorer(
        QueryPlan("x", "x", (Thing(("x",), Span(0, 1)), Thing(("y",), Span(1, 2), excluded=True))),
        OneDirection(),
    )
    assert [item.photo_id for item in rank_by_plan(found, {1: rows(0.9), 2: rows(0.7)}, 9)] == [2]


def made_ranking(exact: dict[int, float], bounds: dict[int, float]) -> tuple[Ranking, list[int]]:
    """A ranking of photos by number, and the numbers of those that were scored."""
    ids, scored = sorted(exact), []

    def ranked(k: int) -> RankedPhoto:
        scored.append(ids[k])
        return RankedPhoto(PhotoId(ids[k]), PlanMatch(exact[ids[k]], 0.5), rows())

    return Ranking([PhotoId(i) for i in ids], np.array([bounds[i] for i in ids]), ranked), scored


def test_photos_that_cannot_be_better_are_not_scored() -> None:
    bounds = {1: 0.9, 2: 0.8, 3: 0.5, 4: 0.4, 5: 0.3}
    ranking, scored = made_ranking({1: 0.2, 2: 0.7, 3: 0.5, 4: 0.1, 5: 0.25}, bounds)
    assert [next(ranking).photo_id, next(ranking).photo_id] == [2, 3]
    assert scored == [1, 2, 3] and ranking.rest() == [1, 4, 5]
    assert [item.photo_id for item in ranking] == [5, 1, 4] and ranking.rest() == []


def test_any_bounds_give_the_order_of_the_scores() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        exact = {i: float(rng.integers(0, 6)) for i in range(12)}
        bounds = {i: score + float(rng.integers(0, 4)) for i, score in exact.items()}
        ranking, _ = made_ranking(exact, bounds)
        order = sorted(exact, key=lambda i: (-exact[i], i))
        assert [item.photo_id for item in ranking] == order


def test_an_example_scores_by_the_most_similar_region() -> None:
    vector = np.array([1, 0], np.float32)
    photos = {1: rows(0.2, 0.8, whole=5.0), 2: rows(whole=0.9), 3: rows(0.5)}
    ranked = list(rank_by_example(vector, photos, 2))
    assert [item.photo_id for item in ranked] == [2, 1, 3]
    assert [item.match.region for item in ranked] == [None, 1, 0]
    assert ranked[1].match.score == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("probability", "meaning"),
    [(0.8, Verdict.MATCH), (0.79, Verdict.UNSURE), (0.4, Verdict.UNSURE), (0.39, Verdict.NO)],
)
def test_thresholds(probability: float, meaning: Verdict) -> None:
    assert verdict(ColourScorer(), probability) is meaning


def judged(number: int, score: float, probability: float) -> SearchHit:
    """As a second look leaves it, by the thresholds of ``ColourScorer``."""
    said = verdict(ColourScorer(), probability)
    return replace(hit(number, score, probability), verdict=said, looked_at=True)


def numbers(hits) -> list[int]:
    return [one.photo.id for one in hits]


def test_accepted_hits_come_first_then_unverified_then_rejected_ones() -> None:
    hits = [judged(1, 0.9, 0.1), judged(2, 0.8, 0.5), hit(3, 0.7), judged(4, 0.6, 0.95)]
    hits += [hit(5, 0.5), judged(6, 0.4, 0.3)]
    ordered = reordered(hits)
    assert numbers(ordered) == [4, 2, 3, 5, 6, 1]
    scores = [h.score for h in ordered]
    assert scores == sorted(scores, reverse=True) and scores[2:4] == [0.7, 0.5]


def test_equal_probabilities_keep_the_order_of_the_first_stage() -> None:
    hits = [judged(n, 1 - n / 10, 0.9) for n in range(5)]
    assert numbers(reordered(hits)) == [0, 1, 2, 3, 4]
    assert reordered([]) == ()


def test_a_photo_moves_only_when_its_own_verdict_comes() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        count = int(rng.integers(2, 12))
        hits = [hit(n, float(s)) for n, s in enumerate(sorted(rng.normal(size=count))[::-1])]
        for turn in rng.permutation(count).tolist():
            before = [n for n in numbers(reordered(hits)) if n != turn]
            hits[turn] = judged(turn, hits[turn].score, round(float(rng.random()), 1))
            after = reordered(hits)
            assert [n for n in numbers(after) if n != turn] == before
            scores = [h.score for h in after]
            assert scores == sorted(scores, reverse=True)


def test_z_scores_are_standard_deviations_above_the_mean() -> None:
    scores = z_scores([hit(1, 3.0), hit(2, 2.0), hit(3, 1.0)])
    assert scores == pytest.approx([1.2247, 0.0, -1.2247], abs=1e-4)
    assert z_scores([hit(1, 5.0)]) == [0.0] and z_scores([]) == []
    assert max(z_scores([hit(0, 1000.0), *(hit(n, 0.0) for n in range(1, 50))])) == 3


def region(number: int, x0: int, y0: int, x1: int, y1: int) -> Region:
    """A filled box in a photo of 100 x 100 px."""
    mask = np.zeros((100, 100), bool)
    mask[y0:y1, x0:x1] = True
    box = BoxXyxy(float(x0), float(y0), float(x1), float(y1))
    return Region(RegionId(number), PhotoId(1), box, encode(mask), 0.5)


def candidate(*regions: Region) -> Candidate:
    return Candidate(
        photo=hit(1, 0.5).photo,
        regions=regions,
        region_scores=np.zeros(len(regions), np.float32),
        read_rgb=lambda longest_px: np.zeros((100, 100, 3), np.uint8),
    )


TOP, LOW = region(1, 0, 0, 10, 10), region(2, 50, 50, 100, 100)


def pointed(*boxes: tuple[float, float, float, float], regions=(TOP, LOW)) -> SearchHit:
    """What becomes of a hit with the first region when a verifier points at boxes."""
    said = Verification(0.9, tuple(BoxXyxy(*box) for box in boxes), "there")
    before = replace(hit(1, 0.5), region=regions[0] if regions else None)
    return with_verification(before, PixelVerifier(), said, candidate(*regions))


def test_a_box_means_the_mask_it_fits() -> None:
    after = pointed((48, 52, 100, 100))
    assert (after.region, after.others, after.box_xyxy) == (LOW, (), None)
    assert after.looked_at and after.verdict is Verdict.MATCH and after.reason == "there"


def test_a_verifier_without_boxes_keeps_the_region_of_the_first_stage() -> None:
    after = pointed()
    assert (after.region, after.box_xyxy) == (TOP, None)


def test_several_boxes_are_several_regions_each_once() -> None:
    after = pointed((50, 50, 100, 100), (0, 0, 10, 10), (51, 51, 100, 100))
    assert (after.region, after.others) == (LOW, (TOP,))


def test_a_box_that_fits_no_mask_is_kept_beside_the_region() -> None:
    after = pointed((20, 20, 30, 30))
    assert (after.region, after.box_xyxy) == (TOP, BoxXyxy(20, 20, 30, 30))
    nothing = pointed((20, 20, 30, 30), regions=())
    assert (nothing.region, nothing.box_xyxy) == (None, BoxXyxy(20, 20, 30, 30))


def test_parts_under_one_box_become_one_region() -> None:
    left, right = region(5, 10, 10, 40, 60), region(6, 40, 10, 70, 60)
    after = pointed((10, 10, 70, 60), regions=(left, right, LOW))
    assert after.parts == (5, 6) and after.region.id == 5
    assert after.region.box_xyxy == BoxXyxy(10, 10, 70, 60)
    assert decode(after.region.rle).sum() == 60 * 50
