"""The system libraries that Qt needs on Linux: loading them, and naming a missing one."""

from __future__ import annotations

from setup_problem import SetupProblem

QT_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libOpenGL.so.0": "libopengl0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
"""Library that Qt needs -> the Debian and Ubuntu package that holds it."""
QT_PROBE = """
import ctypes, os, sys
from pathlib import Path
import PySide6.QtGui, PySide6.QtWidgets
if sys.argv[1] == "xcb":
    plugin = Path(PySide6.__file__).parent / "Qt/plugins/platforms/libqxcb.so"
    ctypes.CDLL(str(plugin))
"""
"""Program that loads Qt, and with the argument ``xcb`` its plugin for X11 too."""


def qt_problem(printed: str) -> SetupProblem:
    """The problem that kept Qt from loading, from the output of ``QT_PROBE``."""
    last = next((line for line in reversed(printed.splitlines()) if line.strip()), "")
    library = next((name for name in QT_PACKAGES if name + ":" in printed), None)
    if library is None:
        return SetupProblem(
            "The window's library Qt cannot be loaded: " + last,
            "Delete the folder .venv and run the same command again.",
        )
    return SetupProblem(
        f"The window needs the system library {library}, which is not installed.",
        f"On Debian or Ubuntu: sudo apt install {QT_PACKAGES[library]}"
        f" (on other systems look for the package that holds {library})."
        " Searching works without it: packaging/run.py --cli demo",
    )
