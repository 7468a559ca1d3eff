"""Scores of photos for plans, with a scorer whose probabilities are the similarities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from engine.errors import ModelBroken
from engine.fusion.plan_scorer import PlanScorer
from engine.records import (
    Count,
    Place,
    PlainText,
    QueryPlan,
    Relation,
    RelationTerm,
    Scene,
    Span,
    Thing,
)
from engine.store.rows import RegionRows
from tests.fakes.colour_models import ColourScorer

NAMES = ("dog", "cat", "ball", "beach")
LEFT, RIGHT, TOP = (0.05, 0.4, 0.35, 0.9), (0.6, 0.4, 0.95, 0.9), (0.4, 0.0, 0.6, 0.2)


class NameEmbedder:
    """One dimension a name; a text has those of the names in it."""

    ndim = len(NAMES)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        rows = [[float(name in text.split()) for name in NAMES] for text in texts]
        vectors = np.array(rows, np.float32).reshape(-1, len(NAMES))
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def photo(*things: tuple[str, float, tuple], whole: dict[str, float] | None = None) -> RegionRows:
    """Regions of (name, probability, box)."""
    vectors = np.zeros((len(things), len(NAMES)), np.float32)
    for row, (name, probability, _) in zip(vectors, things, strict=True):
        row[NAMES.index(name)] = probability
    boxes = np.array([box for *_, box in things], np.float32).reshape(-1, 4)
    sides = boxes[:, 2:] - boxes[:, :2]
    of_whole = np.array([(whole or {}).get(name, 0.0) for name in NAMES], np.float32)
    return RegionRows(
        ids=np.arange(len(things)),
        boxes_xyxy=boxes,
        mask_scores=np.ones(len(things), np.float32),
        area_fractions=(sides[:, 0] * sides[:, 1]).astype(np.float32),
        vectors=vectors,
        whole=of_whole,
    )


def thing(name: str, at: int = 0, **more) -> Thing:
    return Thing(tuple(name.split("|")), Span(at, at + 1), **more)


def scorer(*things: Thing, relations=(), scenes=(), plain=(), sentence="") -> PlanScorer:
    plan = QueryPlan("x", sentence, things, relations, scenes, plain=plain)
    return PlanScorer(plan, ColourScorer(NameEmbedder()))


def matches(found: PlanScorer, *photos: RegionRows):
    return found.matches(photos)


def test_one_thing_has_the_probability_of_the_photo_and_its_best_region() -> None:
    (match,) = matches(scorer(thing("dog")), photo(("cat", 0.9, LEFT), ("dog", 0.8, RIGHT)))
    assert match.probability == pytest.approx(0.8)
    assert match.region == 1 and match.others == ()


def test_all_matching_regions_are_outlined_the_best_first() -> None:
    two = photo(("dog", 0.7, LEFT), ("dog", 0.9, RIGHT), ("dog", 0.2, TOP))
    (match,) = matches(scorer(thing("dog")), two)
    assert match.region == 1 and match.others == (0,)


def test_either_name_will_do() -> None:
    dog, cat, ball = (photo((name, 0.9, LEFT)) for name in ("dog", "cat", "ball"))
    of_dog, of_cat, of_ball = matches(scorer(thing("dog|cat")), dog, cat, ball)
    assert of_dog.probability == of_cat.probability > 0.8 > of_ball.probability


def test_both_things_must_be_there() -> None:
    both = photo(("dog", 0.9, LEFT), ("ball", 0.9, RIGHT))
    one = photo(("dog", 0.9, LEFT))
    found = scorer(thing("dog"), thing("ball", 1))
    of_both, of_one = matches(found, both, one)
    assert of_both.probability > 5 * of_one.probability
    assert [part.probability for part in of_one.parts] == pytest.approx([0.9, 0.0])
    assert of_both.region == 0 and of_both.others == (1,)


def test_what_must_not_be_there_decides() -> None:
    found = scorer(thing("dog"), thing("cat", 1, excluded=True))
    alone = photo(("dog", 0.9, LEFT))
    surely = photo(("dog", 0.9, LEFT), ("cat", 0.85, RIGHT))
    perhaps = photo(("dog", 0.9, LEFT), ("cat", 0.5, RIGHT))
    of_alone, of_surely, of_perhaps = matches(found, alone, surely, perhaps)
    assert (of_alone.excluded, of_surely.excluded, of_perhaps.excluded) == (False, True, False)
    assert of_alone.probability == pytest.approx(0.9)
    assert of_perhaps.probability == pytest.approx(0.45)
    assert of_alone.region == 0 and of_perhaps.others == ()


def test_two_are_counted_as_things() -> None:
    found = scorer(thing("dog", count=Count(2)))
    two = photo(("dog", 0.95, LEFT), ("dog", 0.95, RIGHT))
    twins = photo(("dog", 0.95, LEFT), ("dog", 0.95, tuple(x + 0.01 for x in LEFT)))
    of_two, of_twins = matches(found, two, twins)
    assert of_two.probability > 0.8 and of_twins.probability < 0.1
    assert of_two.region == 0 and of_two.others == (1,)


def test_a_thing_at_another_place_is_not_it() -> None:
    found = scorer(thing("dog", places=(Place.LEFT,)))
    on_left, on_right = photo(("dog", 0.9, LEFT)), photo(("dog", 0.9, RIGHT))
    of_left, of_right = matches(found, on_left, on_right)
    assert of_left.probability > 0.8 and of_right.probability < 0.1


def test_the_thing_at_the_place_is_outlined() -> None:
    found = scorer(thing("dog", places=(Place.RIGHT,)))
    (match,) = matches(found, photo(("dog", 0.95, LEFT), ("dog", 0.8, RIGHT)))
    assert match.region == 1 and match.others == ()


def test_a_relation_outlines_its_pair() -> None:
    related = RelationTerm(Relation.LEFT_OF, 0, (1,), Span(2, 3))
    found = scorer(thing("dog"), thing("ball", 1), relations=(related,))
    right_way = photo(("ball", 0.9, RIGHT), ("dog", 0.9, LEFT))
    wrong_way = photo(("dog", 0.9, RIGHT), ("ball", 0.9, LEFT))
    of_right, of_wrong = matches(found, right_way, wrong_way)
    assert of_right.probability > 5 * of_wrong.probability
    assert (of_right.region, *of_right.others) == (1, 0)
    assert [part.part for part in of_right.parts][-1] == related


@pytest.mark.parametrize("relation", [Relation.LEFT_OF, Relation.BETWEEN, Relation.ON])
def test_photos_are_scored_together_as_they_are_alone(relation: Relation) -> None:
    objects = (1, 2) if relation is Relation.BETWEEN else (1,)
    term = RelationTerm(relation, 0, objects, Span(3, 4))
    found = scorer(thing("dog"), thing("cat", 1), thing("ball", 2), relations=(term,))
    photos = [
        photo(("dog", 0.9, LEFT), ("cat", 0.8, RIGHT), ("dog", 0.7, RIGHT), ("ball", 0.5, LEFT)),
        photo(),
        photo(("cat", 0.6, LEFT), ("dog", 0.8, RIGHT)),
        photo(("ball", 0.6, LEFT)),
    ]
    together = matches(found, *photos)
    for k, match in enumerate(together):
        (alone,) = matches(found, photos[k])
        assert match.probability == pytest.approx(alone.probability, abs=1e-12)
        assert match.outlined == alone.outlined


def test_a_scene_is_asked_of_the_whole_photo() -> None:
    found = scorer(thing("dog"), scenes=(Scene(("beach",), Span(1, 2)),))
    there = photo(("dog", 0.9, LEFT), whole={"beach": 0.9})
    elsewhere = photo(("dog", 0.9, LEFT))
    of_there, of_elsewhere = matches(found, there, elsewhere)
    assert of_there.probability > 5 * of_elsewhere.probability


def test_a_text_of_which_nothing_is_understood_is_one_name() -> None:
    plain = (PlainText("dog", Span(0, 3)),)
    found = scorer(plain=plain, sentence="dog")
    (match,) = matches(found, photo(("dog", 0.8, LEFT)))
    assert found.known and match.probability == pytest.approx(0.8) and match.region == 0


def test_a_plan_of_unknown_words_is_not_known() -> None:
    assert not scorer(thing("unicorn")).known
    found = scorer(thing("unicorn"), thing("dog", 1))
    assert found.known


def test_a_photo_without_regions_has_no_region() -> None:
    (match,) = matches(scorer(thing("dog")), photo(whole={"dog": 0.9}))
    assert match.region is None and match.probability == pytest.approx(0.45)


def test_rough_scores_order_photos() -> None:
    good, bad = photo(("dog", 0.9, LEFT)), photo(("cat", 0.9, LEFT))
    rough = scorer(thing("dog")).rough_scores([bad, good])
    assert rough.argmax() == 1


def test_unusable_numbers_of_the_text_model_are_refused() -> None:
    class Broken(NameEmbedder):
        def embed(self, texts: Sequence[str]) -> np.ndarray:
            return np.full((len(texts), self.ndim), np.nan, np.float32)

    with pytest.raises(ModelBroken):
        PlanScorer(QueryPlan("x", "x", (thing("dog"),)), ColourScorer(Broken()))
