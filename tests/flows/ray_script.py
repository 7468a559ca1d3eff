"""Runs ``index --ray`` with the fake models; a test interrupts it.

Usage: ray_script.py LIBRARY GATE ASKED
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path

from engine import cli
from tests.fakes import colour_models


def main(root: str, gate: str, asked: str) -> int:
    """The full pass waits until the file ``gate`` exists."""
    load = functools.partial(colour_models.load_held_models, Path(gate), Path(asked))
    return cli.run(
        ["--library", root, "index", "--ray"], profile=colour_models.profile(analysis=load)
    )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
