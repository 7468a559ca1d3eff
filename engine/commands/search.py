"""``search``: ranks the photos for a text."""

from __future__ import annotations

import argparse
import json
from typing import Any

from engine.commands.terminal import hit_table
from engine.commands.terminal.argument_types import query_text, whole_number
from engine.commands.terminal.console import HOW_TO_GET_MODELS, Console, plain
from engine.commands.terminal.library_access import (
    add_profile_argument,
    open_for_reading,
    refuse_if_empty,
)
from engine.query import plan_text
from engine.records import SearchRequest
from engine.search import hits_json

SUMMARY = "find photos that show something"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``engine.commands``."""
    parser.add_argument("text", metavar="TEXT", type=query_text, help="what to look for")
    parser.add_argument(
        "--limit", type=whole_number(1), default=50, metavar="N", help="most hits (default 50)"
    )
    parser.add_argument(
        "--verify",
        type=whole_number(0),
        default=0,
        metavar="K",
        help="hits that get a slow second look, if the models have one; a quick one looks at all",
    )
    add_profile_argument(parser)
    parser.add_argument(
        "--explain",
        action="store_true",
        help="say what was understood, and what each hit has of it",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, masks included")


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Print the hits, best first."""
    request = SearchRequest(text=arguments.text, limit=arguments.limit, verify=arguments.verify)
    with open_for_reading(arguments, profile, console) as library:
        refuse_if_empty(library, arguments)
        console.follow(library.search.make_complete())
        result = console.follow(library.search.start(request))
        lacks_model = request.verify > 0 and not library.search.reranker().available
    if arguments.json:
        console.print(json.dumps(hits_json.to_json(result), indent=1))
        return 0
    if arguments.explain and result.plan is not None:
        for line in plan_text.lines(result.plan):
            console.print(plain(line))
        console.print("")
    for line in hit_table.lines(result.hits, arguments.text, explain=arguments.explain):
        console.print(line)
    if result.note:
        console.note(plain(result.note))
    if lacks_model:
        console.note(HOW_TO_GET_MODELS)
    return 0
