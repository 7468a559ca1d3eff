"""Order, verdicts and the place of hits that a verifier has looked at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.records import BoxXyxy, Photo, PhotoId, Region, RegionId, Rle, SearchHit
from engine.records import SearchRequest, Verdict
from engine.search.evidence import evidence
from engine.search.query import Query
from engine.search.ranking import LikenessScorer, rank, reordered, verdict, with_verification
from engine.search.verifier import Verification
from engine.store.regions import RegionRows
from tests.fakes.colour_models import BestRegionScorer, FreeVerifier, LookingVerifier


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


def query(limit: int = 10) -> Query:
    return Query(SearchRequest(text="x", limit=limit), np.array([1, 0], np.float32))


def test_the_best_photos_come_first_and_ties_by_id() -> None:
    photos = {7: rows(0.1, 0.9), 3: rows(0.5), 9: rows(0.5), 2: rows(), 1: rows(-1.0)}
    ranked = rank(query(), photos, BestRegionScorer())
    assert [item.photo_id for item in ranked] == [7, 3, 9, 2, 1]
    assert ranked[0].region == 1 and ranked[3].region is None
    assert [item.photo_id for item in rank(query(2), photos, BestRegionScorer())] == [7, 3]


def test_evidence_is_made_of_dot_products() -> None:
    found = evidence(rows(0.25, -1.0, whole=0.5), np.array([2, 5], np.float32))
    assert found.region_scores.tolist() == [0.5, -2.0] and found.whole_score == 1.0


def test_likeness_is_that_of_the_most_alike_region() -> None:
    scorer = LikenessScorer()
    q = np.array([1, 0], np.float32)
    several = evidence(rows(0.2, 0.8, whole=5.0), q)
    assert scorer.region(several) == 1 and scorer.score(several) == pytest.approx(0.8)
    alone = evidence(rows(whole=0.3), q)
    assert scorer.region(alone) is None and scorer.score(alone) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("probability", "meaning"),
    [(0.8, Verdict.MATCH), (0.79, Verdict.UNSURE), (0.4, Verdict.UNSURE), (0.39, Verdict.NO)],
)
def test_thresholds(probability: float, meaning: Verdict) -> None:
    assert verdict(FreeVerifier(), probability) is meaning


def test_looked_at_hits_stay_ahead_in_the_order_of_belief() -> None:
    hits = [hit(1, 0.9, 0.1), hit(2, 0.8, 0.95), hit(3, 0.7), hit(4, 0.6), hit(5, 0.5)]
    ordered = reordered(hits, 3)
    assert [h.photo.id for h in ordered] == [2, 3, 1, 4, 5]
    scores = [h.score for h in ordered]
    assert scores == sorted(scores, reverse=True)
    assert [h.score for h in ordered[3:]] == [0.6, 0.5]


def test_reordering_all_hits_keeps_the_score_a_ranking() -> None:
    ordered = reordered([hit(1, -0.5, 0.2), hit(2, -0.9, 0.9)], 2)
    assert [h.photo.id for h in ordered] == [2, 1] and ordered[0].score > ordered[1].score


def test_a_photo_that_is_not_outlined_is_no_match_unless_somebody_looked() -> None:
    before = replace(hit(1, 0.5), outlined=False)
    sure = Verification(0.95, reason="there it is")
    free = with_verification(before, FreeVerifier(), sure, ())
    assert free.verdict is Verdict.UNSURE and 0.79 < free.probability < 0.8
    assert "not outlined yet" in free.reason
    looking = with_verification(before, LookingVerifier(), sure, ())
    assert (looking.verdict, looking.probability) == (Verdict.MATCH, 0.95)
    poor = with_verification(before, FreeVerifier(), Verification(0.1, reason="no"), ())
    assert (poor.verdict, poor.reason) == (Verdict.NO, "no")


def region(number: int, *box: float) -> Region:
    return Region(RegionId(number), PhotoId(1), BoxXyxy(*box), Rle((2, 2), b"04"), 0.5)


def test_a_verifier_points_by_region_or_by_box() -> None:
    regions = (region(1, 0, 0, 10, 10), region(2, 50, 50, 100, 100))
    before = hit(1, 0.5)
    by_index = with_verification(before, FreeVerifier(), Verification(0.9, region=1), regions)
    assert by_index.region == regions[1] and by_index.verdict is Verdict.MATCH
    box = BoxXyxy(48, 52, 100, 100)
    by_box = with_verification(
        before, FreeVerifier(), Verification(0.9, box_xyxy=box, reason="there"), regions
    )
    assert by_box.region == regions[1] and by_box.reason == "there"
    nowhere = Verification(0.9, box_xyxy=BoxXyxy(20, 20, 30, 30))
    assert with_verification(before, FreeVerifier(), nowhere, regions).region is None
    assert with_verification(before, FreeVerifier(), nowhere, ()).region is None
