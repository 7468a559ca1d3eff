"""Writes figures to the JSON file given on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.errors import ExportProblem


def write(path: Path, figures: dict[str, Any]) -> None:
    """Write or replace ``path``.

    Raises:
        ExportProblem: it cannot be written.
    """
    try:
        path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ExportProblem(
            f"The figures could not be written: {error.strerror}.",
            operation="writing the figures",
            path=path,
            hint="Choose another file.",
        ) from error
