"""Runs ``watch`` with the fake models; the tests stop it by a signal.

Usage: watch_script.py LIBRARY
"""

from __future__ import annotations

import sys

from engine import cli
from tests.fakes import colour_models

if __name__ == "__main__":
    sys.exit(cli.run(["--library", sys.argv[1], "watch"], profile=colour_models.profile()))
