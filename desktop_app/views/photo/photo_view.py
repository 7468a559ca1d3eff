"""The photo view over the grid: one photo, its things, and what one can do with them."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop_app import text
from desktop_app.bridge.session import Session
from desktop_app.controllers.photo_reading import PhotoReader
from desktop_app.item_models.hit_highlight import marks
from desktop_app.item_models.photo_grid import PhotoGridModel
from desktop_app.views.painting.theme import Theme
from desktop_app.views.photo.filmstrip import Filmstrip
from desktop_app.views.photo.photo_canvas import PhotoCanvas
from desktop_app.views.widgets.basic_widgets import ElidedLabel, icon_button, label, push_button
from engine.records import PhotoId, Region, SearchHit


class ActionBar(QFrame):
    """Floats at the selected thing.

    Signals:
        find_alike(), save(), copy(): a button was pressed.
    """

    find_alike = Signal()
    save = Signal()
    copy = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("actionBar")
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 4, 4, 4)
        row.setSpacing(2)
        self._buttons: list[tuple[QPushButton, str]] = []
        for words, icon, signal, keys, name in (
            (text.FIND_ALIKE, "alike", self.find_alike, "Ctrl+D", text.FIND_ALIKE),
            (text.SAVE_CUTOUT, "scissors", self.save, "Ctrl+E", text.SAVE_CUTOUT),
            (text.COPY_CUTOUT, "copy", self.copy, "Ctrl+C", text.COPY_CUTOUT_NAME),
        ):
            button = push_button(words, theme=theme, icon=icon)
            button.setAccessibleName(name)
            button.setToolTip(f"{name} ({keys})")
            button.clicked.connect(signal)
            row.addWidget(button)
            self._buttons.append((button, words))
        self._full_width = self.sizeHint().width()
        self.hide()

    def _set_wordless(self, wordless: bool) -> None:
        """Icons alone where there is no room for words."""
        for button, words in self._buttons:
            button.setText("" if wordless else words)

    def place(self, canvas: PhotoCanvas) -> None:
        """Below the selection, above it where there is no room, always inside the canvas."""
        rect = canvas.selection_rect()
        if rect.isEmpty() or canvas.peeking:
            self.hide()
            return
        gap = 10
        self._set_wordless(self._full_width > canvas.width() - 2 * gap)
        self.adjustSize()
        x = rect.center().x() - self.width() / 2
        y = rect.bottom() + gap
        if y + self.height() > canvas.height() - gap:
            y = rect.top() - gap - self.height()
        if y < gap:
            y = min(rect.bottom(), canvas.height()) - gap - self.height()
        x = max(gap, min(x, canvas.width() - self.width() - gap))
        y = max(gap, min(y, canvas.height() - self.height() - gap))
        self.move(QPoint(round(x), round(y)))
        self.show()
        self.raise_()


class PhotoView(QWidget):
    """Shows the row of the model that it was opened on, and goes through its neighbours.

    Signals:
        closed(): back to the grid.
        row_changed(int): another photo is shown.
        selection_changed(): other things are selected.
        find_alike(SearchHit): look for things like the hit's region.
        save_wanted(), copy_wanted(): make a cut-out of what is selected.
    """

    closed = Signal()
    row_changed = Signal(int)
    selection_changed = Signal()
    find_alike = Signal(object)
    save_wanted = Signal()
    copy_wanted = Signal()

    def __init__(
        self,
        session: Session,
        model: PhotoGridModel,
        reader: PhotoReader,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._model, self._reader = session, model, reader
        self._hit: SearchHit | None = None
        self._row = -1
        self.canvas = PhotoCanvas(session, theme)
        self.actions = ActionBar(theme, self.canvas)
        self.filmstrip = Filmstrip(session, model, theme)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._build_top(theme))
        column.addWidget(self.canvas, 1)
        column.addWidget(self.filmstrip)
        self._connect()

    def _build_top(self, theme: Theme) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 12, 8)
        row.setSpacing(4)
        self._back = icon_button(theme, "back", text.BACK, "text")
        self._back.clicked.connect(self.closed)
        self._name = ElidedLabel(role="title", mode=Qt.TextElideMode.ElideMiddle)
        self._position = label(role="secondary")
        row.addWidget(self._back)
        row.addSpacing(4)
        row.addWidget(self._name, 1)
        row.addWidget(self._position)
        row.addSpacing(8)
        for icon, name, call, keys in (
            ("minus", text.ZOOM_OUT, self.canvas.zoom_out, "−"),
            ("fit", text.ZOOM_FIT, self.canvas.fit, "0"),
            ("plus", text.ZOOM_IN, self.canvas.zoom_in, "+"),
        ):
            button = icon_button(theme, icon, name)
            button.setToolTip(f"{name} ({keys})")
            button.clicked.connect(call)
            row.addWidget(button)
        return row

    def _connect(self) -> None:
        self._reader.regions_ready.connect(self._take_regions)
        self._reader.pixels_ready.connect(self._take_pixels)
        self._reader.failed.connect(self._take_failure)
        self._session.thumbnails.ready.connect(self._thumbnails_ready)
        self.filmstrip.chosen.connect(self.show_row)
        self.canvas.selection_changed.connect(self._selection_changed)
        self.canvas.view_changed.connect(self._place_actions)
        self.canvas.needs_pixels.connect(self._read_full)
        self.actions.find_alike.connect(self.ask_alike)
        self.actions.save.connect(self.save_wanted)
        self.actions.copy.connect(self.copy_wanted)

    # -- which photo -----------------------------------------------------------------------

    @property
    def hit(self) -> SearchHit | None:
        return self._hit

    @property
    def row(self) -> int:
        return self._row

    def show_row(self, row: int) -> None:
        hit = self._model.hit(row)
        if hit is None:
            return
        self._hit, self._row = hit, row
        self._name.set_full_text(hit.photo.path.name)
        self._position.setText(f"{text.number(row + 1)} of {text.number(self._model.rowCount())}")
        self.canvas.show_photo(hit.photo, marks(hit))
        self.filmstrip.set_row(row)
        self._reader.read(hit.photo)
        self.row_changed.emit(row)

    def step(self, by: int) -> None:
        """Go to a neighbour; nothing happens at the ends."""
        self.show_row(self._row + by)

    def leave(self) -> None:
        """Nothing is shown any more; what is still being read is dropped."""
        self._reader.stop()

    def model_changed(self) -> None:
        """Rows have moved or say other things: find the photo's place again, mark what is new."""
        if self._hit is None:
            return
        row = self._model.row_of(self._hit.photo.id)
        hit = self._model.hit(row)
        if hit is not None:
            if marks(hit) != marks(self._hit):
                self.canvas.set_marks(marks(hit))
            self._hit, self._row = hit, row
            self.filmstrip.set_row(row)
            self._position.setText(
                f"{text.number(row + 1)} of {text.number(self._model.rowCount())}"
            )

    # -- what is selected ------------------------------------------------------------------

    @property
    def selected_regions(self) -> list[Region]:
        return self.canvas.selected_regions

    def ask_alike(self) -> None:
        regions = self.selected_regions
        if regions and self._hit is not None:
            self.find_alike.emit(SearchHit(self._hit.photo, self._hit.score, regions[-1]))

    def _selection_changed(self) -> None:
        self._place_actions()
        self.selection_changed.emit()

    def _place_actions(self) -> None:
        self.actions.place(self.canvas)

    # -- what arrives ----------------------------------------------------------------------

    def _is_shown(self, photo_id: PhotoId) -> bool:
        return self._hit is not None and self._hit.photo.id == photo_id

    def _take_regions(self, photo_id: PhotoId, regions: tuple[Region, ...]) -> None:
        if self._is_shown(photo_id):
            self.canvas.set_regions(regions)
            self.selection_changed.emit()

    def _take_pixels(self, photo_id: PhotoId, levels) -> None:
        if self._is_shown(photo_id):
            self.canvas.set_levels(levels)

    def _take_failure(self, photo_id: PhotoId, error) -> None:
        if not self._is_shown(photo_id):
            return
        if self._hit is not None and not self._hit.photo.available:
            self.canvas.set_problem(text.OFFLINE_REASON)
        else:
            self.canvas.set_problem(f"{error.message} {error.hint or ''}".strip())

    def _thumbnails_ready(self, photo_ids) -> None:
        if self._hit is not None and self._hit.photo.id in photo_ids:
            self.canvas.set_stand_in(self._session.thumbnails.get(self._hit.photo.id))

    def _read_full(self) -> None:
        if self._hit is not None:
            self._reader.read_full(self._hit.photo)
