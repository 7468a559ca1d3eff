"""Arguments of the commands that need photos with COCO annotations."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_coco_arguments(parser: argparse.ArgumentParser, *, coco_required: bool = True) -> None:
    """Add ``--photos``, which is required, and ``--coco``."""
    parser.add_argument(
        "--photos", required=True, type=Path, metavar="DIR", help="folder of the listed photos"
    )
    parser.add_argument(
        "--coco", required=coco_required, type=Path, metavar="FILE", help="COCO instances.json"
    )
