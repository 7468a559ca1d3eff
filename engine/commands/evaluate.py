"""``evaluate``: COCO metrics through the product's own path."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.commands import json_file
from engine.commands.argument_types import whole_number
from engine.commands.console import Console

SUMMARY = "measure search and outlines on photos with COCO annotations"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--photos", required=True, type=Path, metavar="DIR", help="folder of the listed photos"
    )
    parser.add_argument(
        "--coco", required=True, type=Path, metavar="FILE", help="COCO instances.json"
    )
    parser.add_argument(
        "--profile", default="starter", metavar="NAME", help="the models (default starter)"
    )
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="DIR",
        help="judge other weights of the built-in models, as engine.starter.train writes them",
    )
    parser.add_argument(
        "--verify",
        type=whole_number(0),
        default=0,
        metavar="K",
        help="hits of each query that get a slow second look",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Index into a temporary library, ask for every category, print the figures."""
    from engine import profiles
    from engine.evaluate import evaluation

    request = evaluation.EvaluationRequest(
        arguments.photos.expanduser().absolute(), arguments.coco.expanduser(), arguments.verify
    )
    if profile is None and arguments.weights is not None:
        profile = profiles.starter(arguments.weights.expanduser().absolute())
    result = evaluation.evaluate(
        request, console, profile=profile or profiles.by_name(arguments.profile)
    )
    console.print(evaluation.table(result))
    console.print("Seconds a photo: wall time of indexing, loading the models included.")
    if arguments.json is not None:
        json_file.write(arguments.json.expanduser(), result.as_json())
    return 0
