"""Arguments of the commands that need photos with COCO annotations."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_coco_arguments(parser: argparse.ArgumentParser, *, table: str = "") -> None:
    """Add ``--photos`` and ``--coco``, both required.

    Args:
        table: help of ``--table``, which can stand instead of ``--coco``; empty for none.
    """
    parser.add_argument(
        "--photos", required=True, type=Path, metavar="DIR", help="folder of the listed photos"
    )
    truth = parser.add_mutually_exclusive_group(required=True)
    truth.add_argument("--coco", type=Path, metavar="FILE", help="COCO instances.json")
    if table:
        truth.add_argument("--table", type=Path, metavar="FILE", help=table)
