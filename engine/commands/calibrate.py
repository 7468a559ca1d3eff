"""``calibrate``: makes the probabilities of the second look ones that can be relied on."""

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
    from engine.evaluation.reranking_calibration import Fitting, LabelledAnswers, Quality
    from engine.reranking.calibration import Calibration

SUMMARY = "fit the second look's probabilities on photos with COCO annotations"
_OPERATION = "calibrating the second look"


def add_arguments(parser: argparse.ArgumentParser) -> None:
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
    """Ask the model about every category, fit, keep the rule beside the model's files."""
    from engine.evaluation import recording_reranker, reranking_calibration
    from engine.profiles import registry
    from engine.reranking import model_selection
    from engine.weights.model_store import ModelStore

    model = model_selection.choose(ModelStore(), arguments.second_look)
    set_broken_rule_aside(model.folder, console)
    request = reranking_calibration.CalibrationRequest(
        arguments.photos.expanduser().absolute(),
        arguments.coco.expanduser(),
        arguments.verify,
        arguments.first,
    )
    with recording_reranker.language_model(model.name) as (looker, recorded):
        info = looker.info()
        if not info.available:
            raise RerankerUnavailable(info.problem, operation=_OPERATION, hint=info.hint)
        profile = profile or registry.by_name(arguments.profile)
        looks = reranking_calibration.collect(request, console, looker, recorded, profile=profile)
    fitting = reranking_calibration.fit(looks.judged)
    path = keep(model.folder, fitting.calibration)
    for line in lines(looks, fitting):
        console.print(line)
    console.print(f"The rule of {plain(model.title)} is kept in {plain(path)}")
    if warning := warning_about(fitting.calibration):
        console.note(warning)
    if arguments.json is not None:
        json_file.write(arguments.json.expanduser(), fitting.as_json(looks, model.name))
    return 0


def set_broken_rule_aside(folder: Path, console: Console) -> None:
    """A rule that cannot be read would keep the model from looking; it is about to be replaced."""
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


def keep(folder: Path, fitted: Calibration) -> Path:
    """Where it lies now.

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


def lines(looks: LabelledAnswers, fitting: Fitting) -> list[str]:
    """The figures for people."""
    rule = fitting.calibration
    seconds = "" if looks.seconds_per_look is None else f", {looks.seconds_per_look:.2f} s each"
    return [
        f"{len(looks.judged)} looks for {looks.queries} queries{seconds}; "
        f"{fitting.relevant} at photos that show what was asked; "
        f"{looks.unanswered} more without an answer",
        f"{'':<26}  AUROC    ECE",
        f"{'before':<26}  {_quality(fitting.before)}",
        f"{'fitted, these photos':<26}  {_quality(fitting.after)}",
        f"{'fitted, on other photos':<26}  {_quality(fitting.cross_validated)}",
        f"weights: yes {rule.slope:.3f}, stage one {rule.z_score_weight:.3f}, offset {rule.offset:+.3f}; "
        f"a match from {rule.match_at:.2f}, a no below {rule.no_below:.2f}",
    ]


def warning_about(rule: Calibration) -> str:
    """What to tell whoever fitted it; empty if all is well."""
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
