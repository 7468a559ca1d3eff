"""Several selected things become one cut-out; what cannot be written is told."""

from __future__ import annotations

import numpy as np
import pytest

from desktop_app.controllers.cutouts import CutoutController
from engine.errors import ExportProblem
from engine.masks import rle as rle_codec
from engine.masks.merging import merge_regions
from tests.desktop_app.conftest import DEADLINE_MS, delete


def test_united_regions_cover_both(memory):
    red, blue = memory.photos.regions(2)
    both = merge_regions([red, blue])
    wanted = rle_codec.decode(red.rle) | rle_codec.decode(blue.rle)
    assert np.array_equal(rle_codec.decode(both.rle), wanted)
    assert both.box_xyxy.x0 == red.box_xyxy.x0 and both.box_xyxy.x1 == blue.box_xyxy.x1
    assert both.id == red.id


def test_two_things_are_saved_as_one_picture(session, memory, tmp_path, qtbot):
    controller = CutoutController(memory, session.jobs, session.reads)
    target = tmp_path / "out" / "both.png"
    target.parent.mkdir()
    target.write_bytes(b"an older file that may be replaced")
    with qtbot.waitSignal(controller.saved, timeout=DEADLINE_MS) as saved:
        controller.save(memory.photos.get(2), memory.photos.regions(2), target, "balls")
    assert saved.args == [target]
    assert [path.name for path in target.parent.iterdir()] == ["both.png"]
    assert len(memory.exported[0].hits) == 1
    delete(controller)


def test_a_folder_that_is_not_there_is_told(session, memory, tmp_path, qtbot):
    controller = CutoutController(memory, session.jobs, session.reads)
    with qtbot.waitSignal(controller.failed, timeout=DEADLINE_MS) as failed:
        controller.save(
            memory.photos.get(1), memory.photos.regions(1), tmp_path / "no" / "x.png", "ball"
        )
    assert isinstance(failed.args[0], ExportProblem) and failed.args[0].hint
    delete(controller)


def test_nothing_selected_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="at least one"):
        merge_regions([])
