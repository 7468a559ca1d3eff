"""Everything the project depends on or ships is in resources/notices."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NOTICES = (ROOT / "resources" / "notices" / "README.md").read_text(encoding="utf-8")


def test_each_dependency_is_listed_with_a_licence():
    extras = PROJECT["optional-dependencies"]
    wanted = [*PROJECT["dependencies"]]
    for extra in ("full", "mllm", "jxl", "ray", "train"):
        wanted += extras[extra]
    installed = NOTICES[NOTICES.index("## Installed with Pickout") :]
    listed = set(re.findall(r"^\| (\S+) \| [^|]+ \| [^|]+ \|$", installed, re.M)) - {"package"}
    assert listed == {re.split(r"[<>=!~;\[ ]", requirement)[0] for requirement in wanted}


def test_each_shipped_folder_of_foreign_work_is_listed():
    for shipped in ("resources/samples/", "resources/starter/"):
        assert f"`{shipped}" in NOTICES


def test_files_named_in_the_notices_exist():
    named = re.findall(r"see `([\w.-]+\.md)`(?! beside)", NOTICES)
    assert named
    for name in named:
        assert (ROOT / "resources" / "notices" / name).is_file()
