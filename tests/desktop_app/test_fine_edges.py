"""Fine edges: one choice in the bar, the menus and by keyboard, for copying and saving."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop_app.text import photo_text
from engine.records import ExportKind
from tests.desktop_app.conftest import DEADLINE_MS, opens
from tests.desktop_app.memory_library import MemoryLibrary, synthetic_photo

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def opened(open_desktop, memory, search, qtbot):
    """The window with a photo open and its thing selected."""
    desktop = open_desktop(open_library=opens(memory))
    search(desktop, "green tree")
    desktop.presenter.photo.open_row(0)
    qtbot.waitUntil(desktop.presenter.photo.view.action_bar.isVisible, timeout=DEADLINE_MS)
    return desktop


def wait_until_copied(desktop, qtbot) -> None:
    copied = photo_text.CUTOUT_COPIED
    qtbot.waitUntil(lambda: desktop.window.toast.message == copied, timeout=DEADLINE_MS)


def test_cutouts_have_plain_edges_until_fine_ones_are_chosen(opened, memory, qtbot, tmp_path):
    view = opened.presenter.photo.view
    box, action = view.action_bar.fine_edges, opened.window.commands["fine_edges"]
    assert not box.isChecked() and not action.isChecked()
    QTest.keyClick(view.canvas, Qt.Key.Key_C, CTRL)
    wait_until_copied(opened, qtbot)

    QTest.keyClick(view.canvas, Qt.Key.Key_E)
    assert box.isChecked() and action.isChecked()
    assert opened.window.toast.message == photo_text.FINE_EDGES_ON
    QTest.keyClick(view.canvas, Qt.Key.Key_C, CTRL)
    assert opened.window.toast.message == photo_text.FINE_CUTOUT_BEGUN
    wait_until_copied(opened, qtbot)
    opened.window.dialogs.save_path = tmp_path / "tree.png"
    QTest.keyClick(view.canvas, Qt.Key.Key_E, CTRL)
    saved = photo_text.CUTOUT_SAVED.format(name="tree.png")
    qtbot.waitUntil(lambda: opened.window.toast.message == saved, timeout=DEADLINE_MS)

    box.click()
    assert not action.isChecked()
    QTest.keyClick(view.canvas, Qt.Key.Key_C, CTRL)
    wait_until_copied(opened, qtbot)
    plain, fine = ExportKind.CUTOUT, ExportKind.FINE_CUTOUT
    assert [request.kind for request in memory.exported] == [plain, fine, fine, plain]


def test_the_choice_is_kept_for_the_next_start(opened, open_desktop, tmp_path, qtbot):
    opened.presenter.photo.view.action_bar.fine_edges.click()
    opened.window.close()
    other = MemoryLibrary(tmp_path, [synthetic_photo("ball.jpg", [])])
    again = open_desktop(open_library=opens(other))
    assert again.presenter.photo.view.action_bar.fine_edges.isChecked()
    assert again.window.commands["fine_edges"].isChecked()


def test_the_bar_stays_inside_a_narrow_photo(opened, qtbot):
    opened.window.resize(900, 600)
    view = opened.presenter.photo.view
    qtbot.waitUntil(lambda: view.canvas.width() < 700, timeout=DEADLINE_MS)
    bar = view.action_bar
    assert view.canvas.rect().contains(bar.geometry())
    assert bar.rect().contains(bar.fine_edges.geometry())


def test_the_real_library_makes_them(desktop, search, qtbot, tmp_path):
    search(desktop, "purple")
    desktop.window.commands["fine_edges"].trigger()
    target = desktop.window.dialogs.save_path = tmp_path / "fine.png"
    desktop.window.commands["save_cutout"].trigger()
    saved = photo_text.CUTOUT_SAVED.format(name=target.name)
    qtbot.waitUntil(lambda: desktop.window.toast.message == saved, timeout=DEADLINE_MS)
    pixels = np.asarray(Image.open(target))
    opaque = pixels[pixels[..., 3] > 250]
    assert len(opaque) > 300
    assert abs(opaque[:, 0].mean() - 150) < 25 and abs(opaque[:, 2].mean() - 170) < 25
