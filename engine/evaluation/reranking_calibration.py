"""Fits the calibration of a language model's answers on annotated photos."""

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
"""Fewest answers about relevant photos, and about other photos, that a fit needs."""
FOLDS = 3
"""Parts of the cross-validation."""
_SEED = 5


@dataclass(frozen=True, slots=True)
class CalibrationRequest:
    """The annotated photos to fit on.

    Attributes:
        verify: hits of each category's query that the model is asked about.
        first: use only the first so many photos of the file; None means all.
    """

    photos_dir: Path
    coco_path: Path
    verify: int = 20
    first: int | None = None


@dataclass(frozen=True, slots=True)
class LabelledAnswer:
    """One raw answer of the model with its label.

    Attributes:
        truth_index: the photo's index in ``CocoTruth.photos``.
        yes: as in ``ModelAnswer``, 0..1.
        z_score: as in ``Candidate``.
        relevant: the label: whether the photo holds the category of the query.
    """

    truth_index: int
    yes: float
    z_score: float
    relevant: bool


@dataclass(frozen=True, slots=True)
class LabelledAnswers:
    """All answers of the model.

    Attributes:
        unanswered: verifications without an answer; they are not among ``answers``.
        seconds_per_answer: mean wall time, without loading the model; None if there was none.
    """

    answers: tuple[LabelledAnswer, ...]
    queries: int
    unanswered: int
    seconds_per_answer: float | None


@dataclass(frozen=True, slots=True)
class Quality:
    """AUROC and expected calibration error of probabilities; None where they are undefined."""

    auroc: float | None
    ece: float | None


@dataclass(frozen=True, slots=True)
class CalibrationFit:
    """A fitted calibration and its quality.

    Attributes:
        relevant: number of answers about relevant photos.
        before: quality of the default calibration.
        after: quality of the fitted calibration on the answers that it was fitted to.
        cross_validated: quality where the probability of each answer comes from a calibration
            fitted to other photos. None if some fit has only one kind of label.
    """

    calibration: Calibration
    relevant: int
    before: Quality
    after: Quality
    cross_validated: Quality | None

    def as_json(self, labelled: LabelledAnswers, model: str) -> dict[str, Any]:
        """The JSON form."""
        return {
            "model": model,
            "queries": labelled.queries,
            "photos": len({answer.truth_index for answer in labelled.answers}),
            "looks": len(labelled.answers),
            "relevant": self.relevant,
            "unanswered": labelled.unanswered,
            "seconds_per_look": labelled.seconds_per_answer,
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
    """Index the listed photos in a temporary library, search for every category, label each answer.

    Args:
        recorded: the answer cache of the model behind ``reranker``.
        profile: as for ``Library.open``.

    Raises:
        BadRequest: the COCO file is bad, or none of its photos exists.
        Exception: whatever a job raised.
    """
    truth = annotated_library.load_present(request.coco_path, request.photos_dir, request.first)
    queries = truth.queries()
    opened = annotated_library.indexed(
        truth, request.photos_dir, listener, profile=profile, reranker=reranker
    )
    with opened as annotated:
        search = AnnotatedSearch(annotated.library, truth, request.verify, listener)
        search.search_all(list(queries.values()), "Asking with the second look")
    category_of = {name.strip(): category_id for category_id, name in queries.items()}
    answers, unanswered = [], 0
    for verification in reranker.verifications:
        answer = recorded.answer_of(verification) if verification.answered else None
        if answer is None:
            unanswered += 1
            continue
        index = truth_index(verification.photo)
        relevant = truth.photos[index].holds(category_of[verification.query.strip()])
        answers.append(LabelledAnswer(index, answer.yes, verification.z_score, relevant))
    seconds = reranking_figures.mean_seconds(reranker.verifications)
    return LabelledAnswers(tuple(answers), len(queries), unanswered, seconds)


def fit(answers: Sequence[LabelledAnswer], min_per_class: int = MIN_PER_CLASS) -> CalibrationFit:
    """Fit a calibration, and measure its quality by cross-validation too.

    Raises:
        BadRequest: there are fewer than ``min_per_class`` answers with one of the labels.
    """
    relevant = sum(answer.relevant for answer in answers)
    if min(relevant, len(answers) - relevant) < min_per_class:
        raise BadRequest(
            f"The model looked at {relevant} photos that show what was asked and at "
            f"{len(answers) - relevant} that do not; {min_per_class} of each are needed.",
            operation="calibrating the second look",
            hint="Give more photos, or look at more hits of each query with --verify.",
        )
    fitted = _fitted(answers)
    return CalibrationFit(
        calibration=fitted,
        relevant=relevant,
        before=_quality(answers, _probabilities(answers, Calibration())),
        after=_quality(answers, _probabilities(answers, fitted)),
        cross_validated=_cross_validated(answers),
    )


def _cross_validated(answers: Sequence[LabelledAnswer]) -> Quality | None:
    """Quality by cross-validation, split by photo, since answers about one photo correlate."""
    indices = sorted({answer.truth_index for answer in answers})
    folds = np.random.default_rng(_SEED).permutation(len(indices)) % FOLDS
    fold_of: Mapping[int, int] = dict(zip(indices, folds.tolist(), strict=True))
    rated: list[LabelledAnswer] = []
    probabilities: list[float] = []
    for fold in range(FOLDS):
        rest = [answer for answer in answers if fold_of[answer.truth_index] != fold]
        if len({answer.relevant for answer in rest}) < 2:
            return None
        held_out = [answer for answer in answers if fold_of[answer.truth_index] == fold]
        rated += held_out
        probabilities += _probabilities(held_out, _fitted(rest))
    return _quality(rated, probabilities)


def _fitted(answers: Sequence[LabelledAnswer]) -> Calibration:
    return calibration.fit(
        [answer.yes for answer in answers],
        [answer.z_score for answer in answers],
        [answer.relevant for answer in answers],
    )


def _probabilities(answers: Sequence[LabelledAnswer], fitted: Calibration) -> list[float]:
    return [fitted.probability(answer.yes, answer.z_score) for answer in answers]


def _quality(answers: Sequence[LabelledAnswer], probabilities: Sequence[float]) -> Quality:
    labels = [answer.relevant for answer in answers]
    return Quality(
        metrics.auroc(labels, probabilities),
        metrics.expected_calibration_error(labels, probabilities),
    )
