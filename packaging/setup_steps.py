"""The steps of the set-up, with their pip commands."""

from __future__ import annotations

import shutil
from typing import List, NamedTuple, Tuple

TORCH = ("torch>=2.6", "torchvision>=0.21")
COMPILERS = ("c++", "g++", "clang++", "cl")


class Step(NamedTuple):
    """One part of the set-up.

    Attributes:
        title: shown while the step runs.
        expect: duration or size, shown to the user.
        commands: arguments for the environment's Python, run in order; empty for the step that
            creates the environment.
        variables: further environment variables of the commands.
        skippable: empty if the set-up ends when the step fails; else what works without it, shown
            to the user.
    """

    name: str
    title: str
    expect: str
    commands: Tuple[Tuple[str, ...], ...] = ()
    variables: Tuple[Tuple[str, str], ...] = ()
    skippable: str = ""


def _pip(*arguments: str) -> Tuple[str, ...]:
    return (
        "-m", "pip", "install", "--disable-pip-version-check", "--no-input",
        "--progress-bar", "off", *arguments,
    )  # fmt: skip


def steps(test: bool = False, mllm: bool = False) -> List[Step]:
    """The steps in the order in which they have to run.

    sam2 builds against the installed torch, so torch comes first and sam2 is built without
    isolation. Its CUDA extension, which only cleans up masks, is left out.
    """
    chosen = [
        Step("venv", "Making the environment in .venv", "about 10 seconds"),
        Step(
            "torch",
            "Installing torch and torchvision",
            "the large part: on Linux about 3 GB to download and 5 GB on disk, elsewhere much less",
            (_pip(*TORCH),),
        ),
        Step(
            "sam2",
            "Installing sam2 and open_clip, for the full profile",
            "about 30 MB",
            (
                _pip("setuptools>=77", "wheel", "open_clip_torch>=2.30"),
                _pip("--no-build-isolation", "sam2>=1.1"),
            ),
            (("SAM2_BUILD_CUDA", "0"),),
            "the starter profile works without it; the full profile will not be offered",
        ),
        Step(
            "project",
            "Installing Pickout with everything else it needs",
            "about 500 MB to download",
            (_pip("-e", "."),),
        ),
    ]
    if test:
        chosen.append(
            Step("test", "Installing what the tests need", "about 115 MB", (_pip("-e", ".[test]"),))
        )
    if mllm:
        chosen.append(
            Step(
                "mllm",
                "Building llama-cpp-python, for the second look with a language model",
                "compiles for 5 to 20 minutes",
                (_pip("-e", ".[mllm]"),),
            )
        )
    return chosen


def has_compiler() -> bool:
    """Whether a C++ compiler is there to build llama-cpp-python."""
    return any(shutil.which(name) for name in COMPILERS)
