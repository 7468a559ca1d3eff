"""The window around the photos: first run, folders, problems, pausing, keys, closing."""

from __future__ import annotations

import logging
import sqlite3
import threading

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QSlider,
)

from desktop_app.text import library_text, photo_text, search_text, window_text
from desktop_app.views.dialogs import RestoreChoice
from engine.errors import LibraryInUse
from engine.library import Library
from engine.records import IndexingState
from tests.desktop_app.conftest import (
    DEADLINE_MS,
    ScriptedDialogs,
    drop,
    open_with_colours,
    opens,
)
from tests.desktop_app.memory_library import MemoryLibrary, synthetic_photo
from tests.fakes import synthetic_photos

# -- first run ---------------------------------------------------------------------------------


def test_first_run_offers_a_folder_and_the_samples(open_desktop, qtbot):
    desktop = open_desktop()
    window = desktop.window
    qtbot.waitUntil(lambda: window.stack.currentWidget() is window.first_run, timeout=DEADLINE_MS)
    assert window.sidebar.isHidden() and window.search_bar.isHidden()
    assert window.first_run.add_button.isVisible()
    assert window.first_run.samples_button.isVisible()


def test_adding_a_folder_ends_in_photos_one_can_search(open_desktop, model_store, qtbot):
    desktop = open_desktop()
    desktop.window.dialogs.folder = model_store
    qtbot.waitUntil(desktop.window.first_run.isVisible, timeout=DEADLINE_MS)
    QTest.mouseClick(desktop.window.first_run.add_button, Qt.MouseButton.LeftButton)
    model = desktop.presenter.model
    qtbot.waitUntil(lambda: model.rowCount() == 6, timeout=3 * DEADLINE_MS)
    assert desktop.window.stack.currentWidget() is desktop.presenter.results
    assert desktop.window.sidebar.isVisible()
    qtbot.waitUntil(
        lambda: desktop.window.status_line.message.startswith("6 of 7 photos searchable"),
        timeout=DEADLINE_MS,
    )


def test_the_sample_photos_are_added_from_where_they_are_shipped(open_desktop, tmp_path, qtbot):
    library = MemoryLibrary(tmp_path, [])
    desktop = open_desktop(open_library=opens(library))
    desktop.window.first_run.samples_button.click()
    qtbot.waitUntil(lambda: len(library.folders.all()) == 1, timeout=DEADLINE_MS)
    assert library.folders.all()[0].path.name == "samples"


# -- folders -----------------------------------------------------------------------------------


def test_a_folder_dropped_on_the_window_is_added(open_desktop, memory, tmp_path, qtbot):
    desktop = open_desktop(open_library=opens(memory))
    dropped = tmp_path / "dropped"
    dropped.mkdir()
    drop(desktop.window, dropped)
    qtbot.waitUntil(lambda: len(memory.folders.all()) == 2, timeout=DEADLINE_MS)
    assert memory.folders.all()[1].path == dropped
    qtbot.waitUntil(lambda: len(desktop.window.sidebar.folder_rows()) == 2, timeout=DEADLINE_MS)


def test_a_dropped_file_is_explained(open_desktop, memory, tmp_path, qtbot):
    desktop = open_desktop(open_library=opens(memory))
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"x")
    drop(desktop.window, file)
    assert desktop.window.toast.message == library_text.DROP_NOT_FOLDER
    assert len(memory.folders.all()) == 1


def test_a_folder_that_cannot_be_added_is_reported_with_a_hint(
    open_desktop, memory, tmp_path, qtbot
):
    desktop = open_desktop(open_library=opens(memory))
    desktop.presenter.folders.add(tmp_path / "nothing")
    asked = desktop.window.dialogs.asked
    qtbot.waitUntil(lambda: bool(asked), timeout=DEADLINE_MS)
    kind, error = asked[0]
    assert kind == "problem" and error.hint


@pytest.mark.parametrize("agreed", [True, False])
def test_a_folder_is_removed_only_after_a_warning(open_desktop, memory, qtbot, agreed):
    dialogs = ScriptedDialogs(remove=agreed)
    desktop = open_desktop(open_library=opens(memory), dialogs=dialogs)
    qtbot.waitUntil(lambda: len(desktop.window.sidebar.folder_rows()) > 0, timeout=DEADLINE_MS)
    row = desktop.window.sidebar.folder_rows()[0]
    next(a for a in row.menu.actions() if a.text() == library_text.REMOVE_FOLDER).trigger()
    assert dialogs.asked[0][0] == "remove"
    if agreed:
        qtbot.waitUntil(lambda: not memory.folders.all(), timeout=DEADLINE_MS)
        qtbot.waitUntil(desktop.window.first_run.isVisible, timeout=DEADLINE_MS)
    else:
        assert memory.folders.all()


def test_an_offline_folder_is_marked(open_desktop, memory, qtbot):
    memory.replace_folder(online=False)
    desktop = open_desktop(open_library=opens(memory))
    qtbot.waitUntil(lambda: len(desktop.window.sidebar.folder_rows()) > 0, timeout=DEADLINE_MS)
    assert "Offline" in desktop.window.sidebar.folder_rows()[0].accessibleName()


@pytest.fixture
def lacking(open_desktop, memory, qtbot):
    """The window on a library whose folder lacks seven photos."""
    memory.replace_folder(online=False, lacking=7, photos=9)
    desktop = open_desktop(open_library=opens(memory))
    bar = desktop.window.lacking_bar
    qtbot.waitUntil(bar.isVisible, timeout=DEADLINE_MS)
    return desktop


def test_a_folder_that_lacks_photos_is_asked_about_and_can_wait(lacking, memory, qtbot):
    window = lacking.window
    assert window.lacking_bar.message.startswith(f"7 of 9 photos in “{memory.folder.path.name}”")
    row = window.sidebar.folder_rows()[0]
    assert "7 of 9 not there" in row.accessibleName()
    window.lacking_bar.wait_button.click()
    lacking.session.events.poll()
    assert not window.lacking_bar.isVisible() and window.lacking_bar.message == ""
    assert memory.folders.all()[0].lacking == 7
    # Whole again and then lacking again is another question.
    memory.replace_folder(online=True, lacking=0)
    qtbot.waitUntil(lambda: "Offline" not in row.accessibleName(), timeout=DEADLINE_MS)
    memory.replace_folder(online=False, lacking=8)
    qtbot.waitUntil(window.lacking_bar.isVisible, timeout=DEADLINE_MS)


@pytest.mark.parametrize("where", ["bar", "menu"])
def test_photos_that_are_really_gone_are_given_up(lacking, memory, qtbot, where):
    window = lacking.window
    if where == "bar":
        window.lacking_bar.gone_button.click()
    else:
        window.lacking_bar.wait_button.click()
        menu = window.sidebar.folder_rows()[0].menu
        action = next(a for a in menu.actions() if a.text() == library_text.REALLY_GONE)
        assert action.isVisible()
        action.trigger()
    qtbot.waitUntil(lambda: memory.folders.all()[0].lacking == 0, timeout=DEADLINE_MS)
    qtbot.waitUntil(lambda: not window.lacking_bar.isVisible(), timeout=DEADLINE_MS)
    qtbot.waitUntil(lambda: "30 days" in window.toast.message, timeout=DEADLINE_MS)
    qtbot.waitUntil(
        lambda: "Offline" not in window.sidebar.folder_rows()[0].accessibleName(),
        timeout=DEADLINE_MS,
    )


# -- indexing ----------------------------------------------------------------------------------


def test_before_the_first_photo_is_searchable_the_page_says_so(open_desktop, tmp_path, qtbot):
    library = MemoryLibrary(tmp_path, [], pending=12_480)
    desktop = open_desktop(open_library=opens(library))
    assert desktop.window.message_page.title == window_text.NOT_YET_TITLE
    words = desktop.window.status_line.message
    assert words == "0 of 12,480 photos searchable · 1.6/s · about 2 h 10 min left"


def test_p_pauses_and_resumes(open_desktop, memory, qtbot):
    memory.pending, memory.state = 100, IndexingState.RUNNING
    desktop = open_desktop(open_library=opens(memory))
    line = desktop.window.status_line
    grid = desktop.presenter.results.grid
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: memory.state is IndexingState.PAUSED, timeout=DEADLINE_MS)
    qtbot.waitUntil(lambda: line.pause_button.text() == library_text.RESUME, timeout=DEADLINE_MS)
    assert "paused" in line.message
    line.pause_button.click()
    qtbot.waitUntil(lambda: memory.state is IndexingState.RUNNING, timeout=DEADLINE_MS)


def test_new_photos_appear_while_all_are_shown(open_desktop, memory, qtbot):
    desktop = open_desktop(open_library=opens(memory))
    model = desktop.presenter.model
    qtbot.waitUntil(lambda: model.rowCount() == 4, timeout=DEADLINE_MS)
    memory.put(synthetic_photo("new.jpg", []))
    qtbot.waitUntil(lambda: model.rowCount() == 5, timeout=DEADLINE_MS)
    assert model.rows[0].photo.path.name == "new.jpg"


# -- problems ----------------------------------------------------------------------------------


def test_problems_are_listed_with_reason_and_advice_and_can_be_tried_again(desktop, qtbot):
    sidebar, page = desktop.window.sidebar, desktop.presenter.problems_page
    qtbot.waitUntil(sidebar._problems.isVisible, timeout=DEADLINE_MS)
    assert sidebar._problems.text() == f"{library_text.PROBLEMS} · 1"
    sidebar._problems.click()
    assert desktop.window.stack.currentWidget() is page
    table = page.table
    qtbot.waitUntil(lambda: table.model().rowCount() == 1, timeout=DEADLINE_MS)
    row = [table.model().index(0, column).data() for column in range(3)]
    assert row[0] == "broken.jpg" and row[1] and row[2]
    assert not page.retry_selected.isEnabled()
    table.selectRow(0)
    assert page.retry_selected.isEnabled() and page.show_button.isEnabled()
    with qtbot.waitSignal(desktop.presenter.problems.retried, timeout=DEADLINE_MS) as tried:
        page.retry_selected.click()
    assert tried.args == [1]
    qtbot.waitUntil(lambda: table.model().rowCount() == 1, timeout=DEADLINE_MS)
    QTest.keyClick(desktop.window, Qt.Key.Key_Escape)
    assert desktop.window.stack.currentWidget() is desktop.presenter.results


# -- searching ---------------------------------------------------------------------------------


def test_typing_searches_after_a_pause_and_once(open_desktop, memory, qtbot):
    desktop = open_desktop(open_library=opens(memory))
    field = desktop.window.search_bar.field
    QTest.keyClicks(field, "red ball")
    qtbot.waitUntil(lambda: len(memory.requests) > 0, timeout=DEADLINE_MS)
    qtbot.waitUntil(
        lambda: (
            [h.photo.path.name for h in desktop.presenter.model.rows][:2]
            in (["two.jpg", "ball.jpg"], ["ball.jpg", "two.jpg"])
        ),
        timeout=DEADLINE_MS,
    )
    assert [request.text for request in memory.requests] == ["red ball"]


def test_a_message_says_that_all_hits_were_judged_no(open_desktop, memory, search):
    desktop = open_desktop(open_library=opens(memory))
    search(desktop, "submarine")
    bar = desktop.presenter.results.result_note_bar
    assert bar.isVisible()
    assert bar.message == search_text.NO_HIT_CLOSEST.format(query="submarine")
    assert desktop.presenter.model.rowCount() == 4


def test_photos_that_come_during_a_search_are_shown_when_wanted(
    open_desktop, memory, search, qtbot
):
    desktop = open_desktop(open_library=opens(memory))
    search(desktop, "red ball")
    bar, model = desktop.presenter.results.changes_bar, desktop.presenter.model
    before = [hit.photo.id for hit in model.rows]
    assert not bar.isVisible()
    disc = ("red ball", (200, 200, 60, (220, 30, 30)))
    new = memory.put(synthetic_photo("new.jpg", [disc]))
    qtbot.waitUntil(bar.isVisible, timeout=DEADLINE_MS)
    assert bar.message == search_text.CHANGED_SINCE.format(photos="1 photo")
    assert [hit.photo.id for hit in model.rows] == before, "nothing moves under the pointer"
    bar.button.click()
    qtbot.waitUntil(lambda: model.row_of(new) >= 0, timeout=DEADLINE_MS)
    assert not bar.isVisible()


def test_the_open_photo_shows_regions_that_are_indexed_meanwhile(open_desktop, memory, qtbot):
    photo_id = memory.put(
        synthetic_photo("plain.jpg", [("red ball", (200, 200, 60, (220, 30, 30)))])
    )
    things, memory._regions[photo_id] = memory._regions[photo_id], []
    desktop = open_desktop(open_library=opens(memory))
    model, view = desktop.presenter.model, desktop.presenter.photo.view
    qtbot.waitUntil(lambda: model.row_of(photo_id) >= 0, timeout=DEADLINE_MS)
    desktop.presenter.photo.open_row(model.row_of(photo_id))
    heading = desktop.window.inspector.things.heading
    qtbot.waitUntil(lambda: photo_text.NO_THINGS in heading.text(), timeout=DEADLINE_MS)
    memory._regions[photo_id] = things
    memory.replace_photo(photo_id)
    qtbot.waitUntil(lambda: list(view.canvas.regions) == things, timeout=DEADLINE_MS)
    assert heading.text().endswith("· 1")


def test_the_starter_notice_is_shown_until_dismissed(open_desktop, memory, search):
    desktop = open_desktop(open_library=opens(memory))
    search(desktop, "tree")
    notice = desktop.presenter.results.profile_notice
    assert notice.isVisible()
    notice.dismiss_button.click()
    search(desktop, "ball")
    assert not notice.isVisible()


def test_the_grid_keeps_its_scroll_position_while_a_photo_is_open(
    open_desktop, sixty_photos, search, qtbot
):
    desktop = open_desktop(open_library=opens(sixty_photos))
    search(desktop, "red ball")
    grid, view = desktop.presenter.results.grid, desktop.presenter.photo.view
    qtbot.waitUntil(lambda: grid.verticalScrollBar().maximum() > 300, timeout=DEADLINE_MS)
    grid.verticalScrollBar().setValue(250)
    desktop.presenter.photo.open_row(grid.indexAt(QPoint(300, 200)).row())
    QTest.keyClick(view.canvas, Qt.Key.Key_Escape)
    assert grid.verticalScrollBar().value() == 250


def test_the_keyboard_leads_from_the_field_to_a_photo_and_back(open_desktop, sixty_photos, qtbot):
    desktop = open_desktop(open_library=opens(sixty_photos))
    window, grid = desktop.window, desktop.presenter.results.grid
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_Slash)
    field = window.search_bar.field
    assert field.hasFocus()
    QTest.keyClicks(field, "red ball/-p")
    assert field.text() == "red ball/-p", "letters that are shortcuts elsewhere belong to the field"
    field.clear()
    QTest.keyClicks(field, "red ball")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: desktop.presenter.model.good_hits == 60, timeout=DEADLINE_MS)
    QTest.keyClick(field, Qt.Key.Key_Down)
    assert grid.hasFocus()
    QTest.keyClick(grid, Qt.Key.Key_Right)
    QTest.keyClick(grid, Qt.Key.Key_Down)
    assert grid.currentIndex().row() == 1 + grid.geometry_px.columns
    QTest.keyClick(grid, Qt.Key.Key_Return)
    assert desktop.presenter.photo.is_open
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert grid.hasFocus() and not desktop.presenter.photo.is_open


def test_space_shows_the_photo_untouched_while_it_is_held(open_desktop, memory, search, qtbot):
    desktop = open_desktop(open_library=opens(memory))
    search(desktop, "tree")
    desktop.presenter.photo.open_row(0)
    canvas, bar = desktop.presenter.photo.view.canvas, desktop.presenter.photo.view.action_bar
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    assert canvas.overlays_hidden and not bar.isVisible()
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert not canvas.overlays_hidden and bar.isVisible()


def test_hidden_panels_are_stored(open_desktop, memory, tmp_path, qtbot):
    desktop = open_desktop(open_library=opens(memory))
    window = desktop.window
    QTest.keyClick(window, Qt.Key.Key_F9)
    assert window.sidebar.isHidden() and window.inspector.isVisible()
    QTest.keyClick(window, Qt.Key.Key_F10)
    assert window.inspector.isHidden()
    window.close()
    other = MemoryLibrary(tmp_path, [])
    again = open_desktop(open_library=opens(other), wait=False)
    assert again.window.sidebar.isHidden() and again.window.inspector.isHidden()


def test_no_two_commands_share_a_key(open_desktop, memory):
    desktop = open_desktop(open_library=opens(memory))
    keys = [
        QKeySequence(key).toString()
        for action in desktop.window.commands.values()
        for key in action.shortcuts()
    ]
    assert len(keys) == len(set(keys))


# -- accessibility -----------------------------------------------------------------------------


def unnamed_controls(root) -> list[str]:
    kinds = (QAbstractButton, QLineEdit, QProgressBar, QAbstractItemView, QAbstractScrollArea)
    kinds += (QComboBox, QAbstractSpinBox, QSlider)
    parts = (QHeaderView, QAbstractSpinBox, QComboBox)
    return [
        f"{type(widget).__name__} {widget.objectName()} in {type(widget.parent()).__name__}"
        for widget in root.findChildren(object)
        if isinstance(widget, kinds)
        and not isinstance(widget, QHeaderView)
        and not isinstance(widget.parent(), parts)  # the field inside of a control
        and not isinstance(widget.parent().parent(), parts)  # its list
        and not (widget.accessibleName() or getattr(widget, "text", str)())
        and not widget.isHidden()
    ]


def test_every_control_has_a_name(desktop, search, qtbot):
    search(desktop, "red")
    desktop.presenter.photo.open_row(0)
    qtbot.waitUntil(
        lambda: len(desktop.presenter.photo.view.canvas.regions) > 0, timeout=DEADLINE_MS
    )
    assert unnamed_controls(desktop.window) == []


def test_every_control_of_the_pages_and_the_export_dialog_has_a_name(desktop, search, qtbot):
    search(desktop, "red")
    desktop.window.commands["select_all"].trigger()
    desktop.window.commands["export"].trigger()
    assert unnamed_controls(desktop.presenter.exports.dialog) == []
    desktop.presenter.exports.dialog.close()
    desktop.window.commands["settings"].trigger()
    with qtbot.waitSignal(desktop.presenter.models.page.listed, timeout=DEADLINE_MS):
        desktop.window.commands["models"].trigger()
    assert len(desktop.presenter.models.page.cards()) > 10
    assert len(desktop.presenter.settings.page.rows) > 5
    assert unnamed_controls(desktop.window) == []


def test_the_accessible_text_of_a_hit_has_its_verdict(desktop, search):
    search(desktop, "purple")
    index = desktop.presenter.model.index(0)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "purple.png, Match"


# -- opening and closing -----------------------------------------------------------------------


def test_a_library_in_use_is_reported_and_ends_the_window(open_desktop, qtbot):
    def refuse(root):
        raise LibraryInUse(
            "Another Pickout is using this library.", operation="opening", hint="Close it first."
        )

    desktop = open_desktop(open_library=refuse, wait=False)
    qtbot.waitUntil(lambda: not desktop.window.isVisible(), timeout=DEADLINE_MS)
    kind, error = desktop.window.dialogs.asked[0]
    assert kind == "cannot open" and error.hint == "Close it first."


def test_after_a_refusal_one_can_try_again(open_desktop, memory, qtbot):
    attempts = []

    def second_time(root):
        attempts.append(root)
        if len(attempts) == 1:
            raise LibraryInUse("In use.", operation="opening", hint="Close it first.")
        return memory

    open_desktop(open_library=second_time, dialogs=ScriptedDialogs(try_again=True))
    assert len(attempts) == 2


@pytest.mark.parametrize("with_backup", [True, False])
def test_a_damaged_library_is_restored_and_opened(open_desktop, tmp_path, qtbot, with_backup):
    root = tmp_path / "library"
    with Library.open(root) as library:
        photos = tmp_path / "photos"
        photos.mkdir()
        library.folders.add(photos)
        if with_backup:
            library.backups.make().result(DEADLINE_MS / 1000)
    if with_backup:
        (root / "library.sqlite").write_bytes(b"damaged")
    else:
        (root / "library.damaged").touch()
    dialogs = ScriptedDialogs(restore=[RestoreChoice.RESTORE])
    desktop = open_desktop(open_library=open_with_colours, dialogs=dialogs)
    (_, backup), (_, report) = dialogs.asked
    assert (backup is not None) is with_backup
    assert report.folders == 1 and report.restore_point.exists()
    assert [folder.path for folder in desktop.session.library.folders.all()] == [photos]


def test_a_damaged_library_may_be_left_as_it_is(open_desktop, tmp_path, qtbot):
    root = tmp_path / "library"
    root.mkdir()
    (root / "library.sqlite").write_bytes(b"damaged")
    dialogs = ScriptedDialogs(restore=[RestoreChoice.TRY_AGAIN, RestoreChoice.QUIT])
    desktop = open_desktop(open_library=open_with_colours, dialogs=dialogs, wait=False)
    qtbot.waitUntil(lambda: not desktop.window.isVisible(), timeout=DEADLINE_MS)
    assert dialogs.asked == [("restore", None)] * 2
    assert (root / "library.sqlite").read_bytes() == b"damaged"


def test_a_foreign_database_is_refused_and_left_alone(open_desktop, tmp_path, qtbot):
    root = tmp_path / "library"
    root.mkdir()
    connection = sqlite3.connect(root / "library.sqlite")
    connection.execute("CREATE TABLE recipes(name TEXT)")
    connection.close()
    desktop = open_desktop(open_library=open_with_colours, wait=False)
    qtbot.waitUntil(lambda: not desktop.window.isVisible(), timeout=DEADLINE_MS)
    ((kind, error),) = desktop.window.dialogs.asked
    assert kind == "cannot open" and "not made by Pickout" in error.message


def test_the_window_is_shown_before_the_library_is_open(open_desktop, memory, qtbot):
    release = threading.Event()

    def slow(root):
        release.wait(20)
        return memory

    desktop = open_desktop(open_library=slow, wait=False)
    assert desktop.window.isVisible()
    assert desktop.window.message_page.title == window_text.OPENING_TITLE
    assert desktop.session is None
    release.set()
    qtbot.waitUntil(lambda: desktop.session is not None, timeout=DEADLINE_MS)


def test_closing_during_indexing_ends_everything(open_desktop, tmp_path, qtbot):
    photos = tmp_path / "photos"
    for seed in range(40):
        synthetic_photos.photo(photos / f"{seed}.png", "red", "blue", seed=seed, size_wh=(640, 480))
    desktop = open_desktop()
    desktop.presenter.folders.add(photos)
    qtbot.waitUntil(
        lambda: desktop.session.events.status.indexing is IndexingState.RUNNING,
        timeout=DEADLINE_MS,
    )
    bar = desktop.window.search_bar
    bar.submitted.emit("red")
    desktop.window.close()
    assert not [t.name for t in threading.enumerate() if t.name.startswith("pickout")]


def test_closing_before_the_library_is_open_closes_it_too(open_desktop, memory, qtbot):
    release = threading.Event()

    def slow(root):
        release.wait(20)
        return memory

    desktop = open_desktop(open_library=slow, wait=False)
    threading.Timer(0.05, release.set).start()
    desktop.window.close()
    assert memory.closed


def test_an_internal_error_is_logged_and_reported_once(open_desktop, memory, qtbot, caplog):
    desktop = open_desktop(open_library=opens(memory))
    with caplog.at_level(logging.ERROR, "desktop_app"):
        desktop.errors.report(ZeroDivisionError("a bug"))
        asked = desktop.window.dialogs.asked
        qtbot.waitUntil(lambda: asked == [("internal error", None)], timeout=DEADLINE_MS)
    assert "ZeroDivisionError" in caplog.text
