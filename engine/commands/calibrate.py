"""``calibrate``: fits the calibration of the reranker's language model on annotated photos."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.commands.terminal import json_file
from engine.commands.terminal.argument_types import whole_number
from engine.commands.terminal.coco_arguments import add_coco_arguments
from engine.commands.terminal.console import Console, plain
from engine.errors import ExportProblem, ModelBroken, RerankerUnavailable

if TYPE_CHECKING:
    from engine.evaluation.reranking_calibration import CalibrationFit, LabelledAnswers, Quality
    from engine.reranking.calibration import Calibration

SUMMARY = "fit the second look's probabilities on photos with COCO annotations"
_OPERATION = "calibrating the second look"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``."""
    add_coco_arguments(parser)
    parser.add_argument(
        "--profile",
        default="starter",
        metavar="NAME",
        help="the models of stage one, whose order counts too (default starter)",
    )
    parser.add_argument(
        "--second-look",
        default="",
        metavar="NAME",
        help="the language model to calibrate (default: the best installed one)",
    )
    parser.add_argument(
        "--verify",
        type=whole_number(1),
        default=20,
        metavar="K",
        help="hits of each query that it looks at (default 20)",
    )
    parser.add_argument(
        "--first", type=whole_number(1), metavar="N", help="only the first N photos of the file"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Search for every category, fit to the model's answers, save beside the model's files."""
    from engine.evaluation import recording_reranker, reranking_calibration
    from engine.profiles import registry
    from engine.reranking import model_selection
    from engine.weights.model_store import ModelStore

    model = model_selection.choose(ModelStore(), arguments.second_look)
    set_broken_calibration_aside(model.folder, console)
    request = reranking_calibration.CalibrationRequest(
        arguments.photos.expanduser().absolute(),
        arguments.coco.expanduser(),
        arguments.verify,
        arguments.first,
    )
    with recording_reranker.recording_mllm_reranker(model.name) as (reranker, recorded):
        info = reranker.info()
        if not info.available:
            raise RerankerUnavailable(info.problem, operation=_OPERATION, hint=info.hint)
        profile = profile or registry.by_name(arguments.profile)
        labelled = reranking_calibration.collect(
            request, console, reranker, recorded, profile=profile
        )
    fitted = reranking_calibration.fit(labelled.answers)
    path = save(model.folder, fitted.calibration)
    for line in lines(labelled, fitted):
        console.print(line)
    console.print(f"The rule of {plain(model.title)} is kept in {plain(path)}")
    if warning := warning_about(fitted.calibration):
        console.note(warning)
    if arguments.json is not None:
        json_file.write(arguments.json.expanduser(), fitted.as_json(labelled, model.name))
    return 0


def set_broken_calibration_aside(folder: Path, console: Console) -> None:
    """Rename a calibration file that cannot be read, since it would keep the model from running.

    Raises:
        ModelBroken: it cannot be renamed either.
    """
    from engine.reranking import calibration

    try:
        calibration.load(folder)
    except ModelBroken as error:
        aside = (folder / calibration.FILE_NAME).with_suffix(".broken")
        try:
            os.replace(folder / calibration.FILE_NAME, aside)
        except OSError:
            raise error from None
        console.note(f"{error.message} It was put aside as {plain(aside.name)}.")


def save(folder: Path, fitted: Calibration) -> Path:
    """Save the calibration in the model's folder; the path of the file.

    Raises:
        ExportProblem: the folder cannot be written.
    """
    from engine.reranking import calibration

    try:
        return calibration.save(folder, fitted)
    except OSError as error:
        raise ExportProblem(
            f"The calibration could not be kept: {error.strerror}.",
            operation=_OPERATION,
            path=folder,
            hint="Make room on the disk, or see who may write to this folder.",
        ) from error


def lines(labelled: LabelledAnswers, fitted: CalibrationFit) -> list[str]:
    """The figures as lines of text."""
    rule = fitted.calibration
    seconds = (
        "" if labelled.seconds_per_answer is None else f", {labelled.seconds_per_answer:.2f} s each"
    )
    counts = (
        f"{len(labelled.answers)} looks for {labelled.queries} queries{seconds}; "
        f"{fitted.relevant} at photos that show what was asked; "
        f"{labelled.unanswered} more without an answer"
    )
    weights = (
        f"weights: yes {rule.slope:.3f}, stage one {rule.z_score_weight:.3f}, "
        f"offset {rule.offset:+.3f}; a match from {rule.match_at:.2f}, "
        f"a no below {rule.no_below:.2f}"
    )
    return [
        counts,
        f"{'':<26}  AUROC    ECE",
        f"{'before':<26}  {_quality(fitted.before)}",
        f"{'fitted, these photos':<26}  {_quality(fitted.after)}",
        f"{'fitted, on other photos':<26}  {_quality(fitted.cross_validated)}",
        weights,
    ]


def warning_about(rule: Calibration) -> str:
    """A warning for the user if the answers carry no information; else empty."""
    if not rule.uninformative:
        return ""
    return (
        "This model's answers say next to nothing of these photos: verdicts now follow the first "
        "stage alone. Choose another model."
    )


def _quality(quality: Quality | None) -> str:
    if quality is None:
        return "not known"
    numbers = (quality.auroc, quality.ece)
    return "  ".join("  -  " if number is None else f"{number:.3f}" for number in numbers)
