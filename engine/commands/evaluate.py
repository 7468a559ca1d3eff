"""``evaluate``: COCO metrics of the product's own indexing and search."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.commands.terminal import json_file
from engine.commands.terminal.argument_types import whole_number
from engine.commands.terminal.coco_arguments import add_coco_arguments
from engine.commands.terminal.console import Console, plain
from engine.commands.terminal.library_access import server_of
from engine.errors import BadRequest

SUMMARY = "measure search and outlines on photos with COCO annotations"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``."""
    add_coco_arguments(
        parser,
        table="instead of --coco: a table of queries over these photos and what a person would "
        "call right, as tests/data/sample_queries.json",
    )
    parser.add_argument(
        "--profile", default="starter", metavar="NAME", help="the models (default starter)"
    )
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="DIR",
        help="judge other weights of the built-in models, as engine.training.train writes them",
    )
    parser.add_argument(
        "--verify",
        type=whole_number(0),
        default=0,
        metavar="K",
        help="hits of each query that get a slow second look; the figures are given without it too",
    )
    parser.add_argument(
        "--second-look",
        default="",
        metavar="NAME",
        help="the language model of the second look (default: the best installed one)",
    )
    parser.add_argument(
        "--gpu-layers",
        type=whole_number(-1),
        metavar="N",
        help="layers of it that run on the graphics card (default -1, all)",
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument(
        "--queries", metavar="NAMES", help='ask for these categories only, as in "dog,cat"'
    )
    chosen.add_argument(
        "--queries-from",
        type=Path,
        metavar="FILE",
        help="the same from a text file, one a line; # starts a remark",
    )
    parser.add_argument(
        "--words",
        action="store_true",
        help="ask too for other names of the categories, and for things that are in no photo",
    )
    parser.add_argument(
        "--captions",
        type=Path,
        metavar="FILE",
        help="ask too for sentences that describe the photos: COCO captions, or an object of file "
        "names and lists of sentences",
    )
    parser.add_argument(
        "--relations",
        action="store_true",
        help="ask too for left of, above, next to, largest, two and without, as the masks have it",
    )
    parser.add_argument(
        "--true-masks",
        action="store_true",
        help="take the annotated masks and names instead of the models', to judge relations alone",
    )
    parser.add_argument(
        "--attributes",
        type=Path,
        metavar="FILE",
        help="ask too for colours of things that were labelled by eye, as "
        "tests/data/coco_colours.json",
    )
    parser.add_argument(
        "--first", type=whole_number(1), metavar="N", help="only the first N photos of the file"
    )
    parser.add_argument("--verbose", action="store_true", help="show the categories that do worst")
    parser.add_argument(
        "--sheets",
        type=Path,
        metavar="DIR",
        help="draw contact sheets into a new folder: masks beside the true ones, hits of queries",
    )
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="write the figures here too (engine/evaluation/FIGURES.md explains the names)",
    )


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Index into a temporary library, on the server if ``--library`` names one; search for every
    category, print the figures."""
    from engine.evaluation import evaluation, evaluation_table, recording_reranker

    if arguments.table is not None:
        return _run_table(arguments, console, profile)
    request = evaluation.EvaluationRequest(
        arguments.photos.expanduser().absolute(),
        arguments.coco.expanduser(),
        arguments.verify,
        only=_chosen_categories(arguments),
        words=arguments.words,
        first=arguments.first,
        sheets_dir=arguments.sheets.expanduser().absolute() if arguments.sheets else None,
        captions=arguments.captions.expanduser() if arguments.captions else None,
        relations=arguments.relations,
        true_masks=arguments.true_masks,
        attributes=arguments.attributes.expanduser() if arguments.attributes else None,
        server=server_of(arguments),
    )
    profile = profile or _profile(arguments)
    with contextlib.ExitStack() as stack:
        reranker = None
        if request.verify:
            opened = recording_reranker.recording_mllm_reranker(
                arguments.second_look, arguments.gpu_layers
            )
            reranker, _ = stack.enter_context(opened)
            info = reranker.info()
            if not info.available:
                reason = " ".join(filter(None, (info.problem, info.hint)))
                console.note(f"Going on without a second look. {plain(reason)}")
        result = evaluation.evaluate(request, console, profile=profile, reranker=reranker)
    console.print(evaluation_table.table(result))
    console.print("Seconds a photo: wall time of indexing, loading the models included.")
    if result.second_look is not None:
        console.print(f"\n{evaluation_table.reranking_table(result.second_look)}")
    if arguments.verbose:
        console.print(f"\n{evaluation_table.worst_table(result)}")
    if result.words is not None:
        console.print(f"\n{evaluation_table.vocabulary_table(result.words)}")
    for found in evaluation_table.query_tables(result):
        console.print(f"\n{found}")
    if request.sheets_dir is not None:
        console.print(f"The contact sheets are in {plain(request.sheets_dir)}")
    if arguments.json is not None:
        json_file.write(arguments.json.expanduser(), result.as_json())
    return 0


def _profile(arguments: argparse.Namespace) -> Any:
    """The profile that the arguments name."""
    from engine.profiles import registry
    from engine.profiles.starter import starter_profile

    if arguments.weights is not None:
        return starter_profile(arguments.weights.expanduser().absolute())
    return registry.by_name(arguments.profile)


def _run_table(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Ask the queries of a table, print the figures."""
    from engine.evaluation import sample_table

    table = sample_table.load(arguments.table.expanduser())
    photos_dir = arguments.photos.expanduser().absolute()
    profile = profile or _profile(arguments)
    figures = sample_table.evaluate(
        table, photos_dir, console, profile=profile, server=server_of(arguments)
    )
    console.print(sample_table.table_text(figures))
    if arguments.json is not None:
        json_file.write(arguments.json.expanduser(), figures.as_json())
    return 0


def _chosen_categories(arguments: argparse.Namespace) -> tuple[str, ...]:
    """The categories that were named; empty for all of them.

    Raises:
        BadRequest: the file cannot be read, or the option names no category.
    """
    if arguments.queries is not None:
        return _names([arguments.queries], None)
    if arguments.queries_from is None:
        return ()
    path = arguments.queries_from.expanduser()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(
            "The list of queries cannot be read.",
            operation="evaluating",
            path=path,
            hint=f"Give a text file in UTF-8 ({error}).",
        ) from error
    return _names([line.partition("#")[0] for line in lines], path)


def _names(lines: Sequence[str], path: Path | None) -> tuple[str, ...]:
    names = [name.strip() for line in lines for name in line.split(",")]
    chosen = tuple(dict.fromkeys(name for name in names if name))
    if not chosen:
        raise BadRequest(
            "No category is named to ask for.",
            operation="evaluating",
            path=path,
            hint='Name some, as in --queries "dog,cat".',
        )
    return chosen
