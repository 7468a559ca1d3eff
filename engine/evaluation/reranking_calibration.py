"""Fits the rule from a language model's yes to a probability, on photos with known answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import BadRequest
from engine.evaluation import annotated_library, metrics, reranking_figures
from engine.evaluation.annotated_search import AnnotatedSearch, ProgressListener, truth_index
from engine.evaluation.recording_reranker import RecordingAnswerCache, RecordingReranker
from engine.reranking import calibration
from engine.reranking.calibration import Calibration

MIN_PER_CLASS = 30
"""Looks at photos that show what was asked, and at photos that do not; fewer prove nothing."""
FOLDS = 3
_SEED = 5


@dataclass(frozen=True, slots=True)
class CalibrationRequest:
    """What to learn from.

    Attributes:
        verify: hits of each category's query that are looked at.
        first: so many photos count, in the order of the file; None means all.
    """

    photos_dir: Path
    coco_path: Path
    verify: int = 20
    first: int | None = None


@dataclass(frozen=True, slots=True)
class LabelledAnswer:
    """One answer of the model, and the truth.

    Attributes:
        place: of the photo in the COCO file.
        yes: raw, 0..1.
        standing: as in ``Candidate``.
        relevant: whether the photo holds what was asked.
    """

    place: int
    yes: float
    z_score: float
    relevant: bool


@dataclass(frozen=True, slots=True)
class LabelledAnswers:
    """All that the model was asked.

    Attributes:
        unanswered: looks that gave no verdict; they are not among ``judged``.
        seconds_per_look: loading the model not included.
    """

    judged: tuple[LabelledAnswer, ...]
    queries: int
    unanswered: int
    seconds_per_look: float | None


@dataclass(frozen=True, slots=True)
class Quality:
    """How well probabilities tell right from wrong; None where nothing can be said."""

    auroc: float | None
    ece: float | None


@dataclass(frozen=True, slots=True)
class Fitting:
    """A fitted rule and what it is worth.

    Attributes:
        before: of the rule that is used where nothing was fitted.
        after: of the fitted rule, on the looks it was fitted to.
        cross_validated: each look judged by a rule fitted to other photos. None if that cannot
            be had: all photos that show what was asked are in one part.
    """

    calibration: Calibration
    relevant: int
    before: Quality
    after: Quality
    cross_validated: Quality | None

    def as_json(self, looks: LabelledAnswers, model: str) -> dict[str, Any]:
        """Plain values by name."""
        return {
            "model": model,
            "queries": looks.queries,
            "photos": len({look.place for look in looks.judged}),
            "looks": len(looks.judged),
            "relevant": self.relevant,
            "unanswered": looks.unanswered,
            "seconds_per_look": looks.seconds_per_look,
            "before": asdict(self.before),
            "after": asdict(self.after),
            "cross_validated": self.cross_validated and asdict(self.cross_validated),
            "calibration": self.calibration.as_json(),
        }


def collect(
    request: CalibrationRequest,
    listener: ProgressListener,
    reranker: RecordingReranker,
    recorded: RecordingAnswerCache,
    *,
    profile: Any = None,
) -> LabelledAnswers:
    """Index the listed photos in a temporary library, ask for every category, keep each answer.

    Args:
        recorded: the memory that ``reranker`` was given.
        profile: as for ``Library.open``.

    Raises:
        BadRequest: the COCO file is bad, or none of its photos is there.
        Exception: whatever a job raised.
    """
    truth = annotated_library.load_present(request.coco_path, request.photos_dir, request.first)
    queries = truth.queries()
    opened = annotated_library.indexed(
        truth, request.photos_dir, listener, profile=profile, reranker=reranker
    )
    with opened as judged:
        search = AnnotatedSearch(judged.library, truth, request.verify, listener)
        search.search_all(list(queries.values()), "Asking with the second look")
    category_of = {name.strip(): category_id for category_id, name in queries.items()}
    looks, unanswered = [], 0
    for seen in reranker.seen:
        look = recorded.of(seen) if seen.answered else None
        if look is None:
            unanswered += 1
            continue
        place = truth_index(seen.photo)
        relevant = truth.photos[place].holds(category_of[seen.query.strip()])
        looks.append(LabelledAnswer(place, look.yes, seen.z_score, relevant))
    seconds = reranking_figures.seconds_per_look(reranker.seen)
    return LabelledAnswers(tuple(looks), len(queries), unanswered, seconds)


def fit(looks: Sequence[LabelledAnswer], min_per_class: int = MIN_PER_CLASS) -> Fitting:
    """The rule, and what it is worth on photos that it was not fitted to.

    Raises:
        BadRequest: there are too few looks of one kind.
    """
    relevant = sum(look.relevant for look in looks)
    if min(relevant, len(looks) - relevant) < min_per_class:
        raise BadRequest(
            f"The model looked at {relevant} photos that show what was asked and at "
            f"{len(looks) - relevant} that do not; {min_per_class} of each are needed.",
            operation="calibrating the second look",
            hint="Give more photos, or look at more hits of each query with --verify.",
        )
    fitted = _fitted(looks)
    return Fitting(
        calibration=fitted,
        relevant=relevant,
        before=_quality(looks, _probabilities(looks, Calibration())),
        after=_quality(looks, _probabilities(looks, fitted)),
        cross_validated=_cross_validated(looks),
    )


def _cross_validated(looks: Sequence[LabelledAnswer]) -> Quality | None:
    """Photos, not looks, are dealt into parts: looks at one photo are alike."""
    places = sorted({look.place for look in looks})
    dealt = np.random.default_rng(_SEED).permutation(len(places)) % FOLDS
    fold_of: Mapping[int, int] = dict(zip(places, dealt.tolist(), strict=True))
    judged: list[LabelledAnswer] = []
    probabilities: list[float] = []
    for fold in range(FOLDS):
        rest = [look for look in looks if fold_of[look.place] != fold]
        if len({look.relevant for look in rest}) < 2:
            return None
        held_out = [look for look in looks if fold_of[look.place] == fold]
        judged += held_out
        probabilities += _probabilities(held_out, _fitted(rest))
    return _quality(judged, probabilities)


def _fitted(looks: Sequence[LabelledAnswer]) -> Calibration:
    return calibration.fit(
        [look.yes for look in looks],
        [look.z_score for look in looks],
        [look.relevant for look in looks],
    )


def _probabilities(looks: Sequence[LabelledAnswer], rule: Calibration) -> list[float]:
    return [rule.probability(look.yes, look.z_score) for look in looks]


def _quality(looks: Sequence[LabelledAnswer], probabilities: Sequence[float]) -> Quality:
    labels = [look.relevant for look in looks]
    return Quality(
        metrics.auroc(labels, probabilities),
        metrics.expected_calibration_error(labels, probabilities),
    )
