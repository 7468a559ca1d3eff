"""``pickout`` as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run_python(*arguments: str, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONUNBUFFERED": "1"},
        **options,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_opens_a_library_and_ends_cleanly_when_told(tmp_path, number):
    root = tmp_path / "library"
    process = run_python("-m", "desktop_app", "--library", str(root))
    deadline = time.monotonic() + 60
    while not (root / "pickout.log").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    complaints = [line for line in err.splitlines() if "propagateSizeHints" not in line]
    assert complaints == []
    assert out == ""


def test_importing_the_entry_point_is_light():
    """Child processes of the engine import it again."""
    code = (
        "import sys, desktop_app.__main__\n"
        "print(sorted(set(sys.modules) & {'PySide6', 'numpy', 'torch', 'cv2', 'engine.library'}))"
    )
    out, err = run_python("-c", code).communicate(timeout=60)
    assert (out.strip(), err) == ("[]", "")


def test_help_is_printed_without_a_display():
    out, err = run_python("-m", "desktop_app", "--help").communicate(timeout=60)
    assert "--library" in out and err == ""
