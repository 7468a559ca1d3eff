"""A request handler for worker processes and actors that does what the request says."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from engine.errors import PhotoUnreadable


def create(log: Path) -> Callable[[str], int]:
    """Adds each request to ``log`` and answers with the number of its process."""

    def handle(request: str) -> int:
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"{request}\n")
        if request == "die":
            os._exit(77)
        if request == "hang":
            time.sleep(600)
        if request == "refuse":
            raise PhotoUnreadable("Not this one.", operation="reading", path="a.jpg", hint="No.")
        if request == "bug":
            raise ZeroDivisionError("a bug")
        return os.getpid()

    return handle
