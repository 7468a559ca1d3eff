"""Answers of a fake model are gathered through real searches, and a rule is fitted to them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from engine.commands import calibrate
from engine.commands.terminal.console import Console
from engine.errors import BadRequest, ExportProblem
from engine.evaluation import reranking_calibration
from engine.evaluation.recording_reranker import RecordingAnswerCache, RecordingReranker
from engine.evaluation.reranking_calibration import (
    CalibrationRequest,
    LabelledAnswer,
    LabelledAnswers,
)
from engine.reranking import calibration
from engine.reranking.calibration import Calibration
from engine.scoring.model_answer import ModelAnswer
from tests.fakes import colour_models, synthetic_photos
from tests.fakes.recording_listener import RecordingListener

BOX = (20, 20, 90, 90)
COLOURS = ("red", "green", "blue", "yellow")


class _Answering(colour_models.PixelVerifier):
    """Gives its raw answers to a memory, as a language model's verifier does."""

    def __init__(self, memory: RecordingAnswerCache) -> None:
        self._memory = memory

    def verify(self, query, candidate, cancel):
        found = super().verify(query, candidate, cancel)
        yes = 0.9 if found.probability > 0 else 0.2
        self._memory.put(candidate.photo.id, query, "eyes", ModelAnswer(yes, 1.0, found.boxes_xyxy))
        return found


@pytest.fixture(scope="module")
def labelled(tmp_path_factory) -> LabelledAnswers:
    """Four photos of a colour each, one of which the verifier fails on; all hits are verified."""
    folder = tmp_path_factory.mktemp("photos")
    images, annotations = [], []
    for n, colour in enumerate(COLOURS):
        name = f"{colour}.png" if colour != "yellow" else "unverifiable.png"
        synthetic_photos.write(folder / name, synthetic_photos.pixels([(colour, BOX)]))
        images.append({"id": n, "file_name": name, "width": 160, "height": 120})
        corners = [20, 20, 90, 20, 90, 90, 20, 90]
        annotations.append(
            {"id": n, "image_id": n, "category_id": n, "area": 4900, "segmentation": [corners]}
        )
    categories = [{"id": n, "name": colour} for n, colour in enumerate(COLOURS)]
    path = folder / "instances.json"
    path.write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )
    recorded = RecordingAnswerCache()
    reranker = colour_models.FakeReranker(lambda: _Answering(recorded))
    return reranking_calibration.collect(
        CalibrationRequest(folder, path, verify=10),
        RecordingListener(),
        RecordingReranker(reranker),
        recorded,
        profile=colour_models.profile(),
    )


def test_every_answer_is_gathered_with_the_truth(labelled: LabelledAnswers):
    assert (labelled.queries, len(labelled.answers), labelled.unanswered) == (4, 12, 4)
    assert labelled.seconds_per_answer > 0
    right = [answer for answer in labelled.answers if answer.relevant]
    assert sorted(answer.truth_index for answer in right) == [0, 1, 2]
    assert {answer.yes for answer in right} == {0.9}
    assert {answer.yes for answer in labelled.answers if not answer.relevant} == {0.2}
    # What is asked for stands highest in stage one.
    wrong = [answer.z_score for answer in labelled.answers if not answer.relevant]
    assert min(answer.z_score for answer in right) > max(wrong)


def _synthetic_answers(count: int, rule: Calibration, seed: int = 3) -> list[LabelledAnswer]:
    rng = np.random.default_rng(seed)
    answers = []
    for i in range(count):
        yes, z_score = 1 / (1 + np.exp(-rng.normal(0, 2))), rng.normal()
        relevant = bool(rng.random() < rule.probability(yes, z_score))
        answers.append(LabelledAnswer(i // 4, yes, z_score, relevant))
    return answers


def test_a_rule_is_fitted_and_cross_validated():
    fitted = reranking_calibration.fit(_synthetic_answers(4000, Calibration(0.4, 1.0, -1.5)))
    assert fitted.calibration.slope == pytest.approx(0.4, abs=0.1)
    assert fitted.calibration.z_score_weight == pytest.approx(1.0, abs=0.15)
    assert fitted.before.ece > 0.1 > 0.05 > fitted.after.ece
    assert fitted.after.auroc > fitted.before.auroc
    assert fitted.cross_validated.ece < 0.05
    assert fitted.cross_validated.auroc == pytest.approx(fitted.after.auroc, abs=0.02)


def test_luck_does_not_look_like_knowledge():
    rng = np.random.default_rng(8)
    answers = [
        LabelledAnswer(i, float(rng.random()), rng.normal(), bool(rng.random() < 0.5))
        for i in range(120)
    ]
    fitted = reranking_calibration.fit(answers)
    assert fitted.cross_validated.auroc < fitted.after.auroc


def test_photos_of_one_part_only_leave_the_rest_unknown():
    alone = [LabelledAnswer(0, 0.9, 1.0, True)] * 40
    others = [LabelledAnswer(n, 0.2, 0.0, False) for n in range(1, 50)]
    fitted = reranking_calibration.fit(alone + others)
    assert fitted.cross_validated is None and fitted.after.auroc == 1.0
    assert "not known" in "\n".join(
        calibrate.lines(LabelledAnswers(tuple(alone), 1, 0, None), fitted)
    )


@pytest.mark.parametrize("right", [29, 71])
def test_too_few_of_a_kind_prove_nothing(right: int):
    answers = [LabelledAnswer(n, 0.5, 0.0, n < right) for n in range(100)]
    with pytest.raises(BadRequest, match=f"{right} photos that show") as refused:
        reranking_calibration.fit(answers)
    assert "more photos" in refused.value.hint


def test_few_photos_give_too_few_answers(labelled: LabelledAnswers):
    with pytest.raises(BadRequest, match="3 photos that show what was asked and at 9"):
        reranking_calibration.fit(labelled.answers)


def test_the_figures_for_people_and_for_files(labelled: LabelledAnswers):
    fitted = reranking_calibration.fit(labelled.answers, min_per_class=3)
    text = "\n".join(calibrate.lines(labelled, fitted))
    assert "12 looks for 4 queries" in text and "4 more without an answer" in text
    figures = fitted.as_json(labelled, "eyes")
    assert figures["photos"] == 3 and figures["calibration"]["pairs"] == 12
    assert json.loads(json.dumps(figures)) == figures


def test_the_rule_is_kept_beside_the_model(tmp_path: Path):
    rule = Calibration(slope=0.5, pairs=80)
    assert calibrate.save(tmp_path, rule).parent == tmp_path
    assert calibration.load(tmp_path) == rule
    with pytest.raises(ExportProblem, match="could not be kept"):
        calibrate.save(tmp_path / "gone", rule)


def test_a_rule_that_cannot_be_read_is_put_aside(tmp_path: Path):
    err = io.StringIO()
    console = Console(io.StringIO(), err)
    calibrate.set_broken_calibration_aside(tmp_path, console)
    assert err.getvalue() == ""
    (tmp_path / calibration.FILE_NAME).write_text("{")
    calibrate.set_broken_calibration_aside(tmp_path, console)
    assert "put aside" in err.getvalue()
    assert [path.name for path in tmp_path.iterdir()] == ["calibration.broken"]
    assert not calibration.load(tmp_path).measured
