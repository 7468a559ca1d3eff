"""The photo view: one large photo, the actions for its regions, the filmstrip."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.bridge.image_conversion import PhotoLevels
from desktop_app.bridge.session import Session
from desktop_app.controllers.photo_reading import PhotoReader
from desktop_app.item_models.hit_highlight import highlight_of
from desktop_app.item_models.photo_grid import PhotoGridModel
from desktop_app.text import correction_text, formatting, photo_text, search_text
from desktop_app.views.painting.theme import Theme
from desktop_app.views.photo.action_bar import ActionBar
from desktop_app.views.photo.filmstrip import Filmstrip
from desktop_app.views.photo.match_stepper import MatchStepper
from desktop_app.views.photo.photo_canvas import PhotoCanvas
from desktop_app.views.widgets.basic_widgets import ElidedLabel, icon_button, label, push_button
from engine.errors import EngineError
from engine.records import PhotoId, Region, SearchHit


class PhotoView(QWidget):
    """Shows one row of the model and steps to its neighbours.

    Signals:
        closed(): go back to the grid.
        row_changed(int): another photo is shown.
        selection_changed(): other regions are selected.
        find_similar(SearchHit): search for regions similar to the hit's region.
        save_requested(), copy_requested(): make a cut-out of the selected regions.
        similar_toggled(): show the photos that are folded into the hit, or hide them again.
    """

    closed = Signal()
    row_changed = Signal(int)
    selection_changed = Signal()
    find_similar = Signal(object)
    save_requested = Signal()
    copy_requested = Signal()
    similar_toggled = Signal()

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
        self.action_bar = ActionBar(theme, self.canvas)
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
        self._back = icon_button(theme, "back", photo_text.BACK, "text")
        self._back.clicked.connect(self.closed)
        self._name = ElidedLabel(role="title", mode=Qt.TextElideMode.ElideMiddle)
        self._position = label(role="secondary")
        self.said = label()
        self.match_stepper = MatchStepper(theme)
        self.match_stepper.stepped.connect(self.canvas.step_match)
        self.similar_button = push_button("", role="link", theme=theme, icon="stack", token="link")
        self.similar_button.clicked.connect(self.similar_toggled)
        self.similar_button.hide()
        row.addWidget(self._back)
        row.addSpacing(4)
        row.addWidget(self._name, 1)
        row.addWidget(self.said)
        row.addWidget(self.similar_button)
        row.addWidget(self.match_stepper)
        row.addSpacing(8)
        row.addWidget(self._position)
        row.addSpacing(8)
        for icon, name, call, keys in (
            ("minus", photo_text.ZOOM_OUT, self.canvas.zoom_out, "−"),
            ("fit", photo_text.ZOOM_FIT, self.canvas.fit, "0"),
            ("plus", photo_text.ZOOM_IN, self.canvas.zoom_in, "+"),
        ):
            button = icon_button(theme, icon, name)
            button.setToolTip(f"{name} ({keys})")
            button.clicked.connect(call)
            row.addWidget(button)
        return row

    def _connect(self) -> None:
        self._reader.regions_ready.connect(self._show_regions)
        self._reader.pixels_ready.connect(self._show_pixels)
        self._reader.failed.connect(self._show_failure)
        self._session.thumbnails.ready.connect(self._thumbnails_ready)
        self.filmstrip.chosen.connect(self.show_row)
        self.canvas.selection_changed.connect(self._selection_changed)
        self.canvas.view_changed.connect(self._place_action_bar)
        self.canvas.needs_pixels.connect(self._read_full)
        self.action_bar.find_similar.connect(self.request_similar)
        self.action_bar.save.connect(self.save_requested)
        self.action_bar.copy.connect(self.copy_requested)

    # -- which photo -----------------------------------------------------------------------

    @property
    def hit(self) -> SearchHit | None:
        """The hit on show; None before the first one."""
        return self._hit

    @property
    def row(self) -> int:
        """The row of the model on show."""
        return self._row

    def show_row(self, row: int) -> None:
        """Show another row of the model."""
        hit = self._model.hit(row)
        if hit is None:
            return
        self._hit, self._row = hit, row
        self._name.set_full_text(formatting.file_name(hit.photo.path))
        self._show_position(row)
        self.canvas.show_photo(hit.photo, highlight_of(hit))
        self._show_similar()
        self._show_said(hit)
        self.filmstrip.set_row(row)
        self._reader.read(hit.photo)
        self.row_changed.emit(row)

    def _show_position(self, row: int) -> None:
        count = formatting.number(self._model.rowCount())
        self._position.setText(f"{formatting.number(row + 1)} of {count}")

    def step(self, by: int) -> None:
        """Show the row ``by`` places further; does nothing at the ends."""
        self.show_row(self._row + by)

    def deactivate(self) -> None:
        """The view is no longer shown; pending reads are dropped."""
        self._reader.stop()

    def model_changed(self) -> None:
        """Rows have moved or changed: find the row of the photo again and update the highlight."""
        if self._hit is None:
            return
        row = self._model.row_of(self._hit.photo.id)
        hit = self._model.hit(row)
        if hit is not None:
            if highlight_of(hit) != highlight_of(self._hit):
                self.canvas.set_highlight(highlight_of(hit))
            self._hit, self._row = hit, row
            self.filmstrip.set_row(row)
            self._show_position(row)
            self._show_matches()
            self._show_similar()
            self._show_said(hit)

    def _show_said(self, hit: SearchHit) -> None:
        """Mark a hit that people have judged."""
        symbol = search_text.VERDICT_SYMBOLS[hit.verdict]
        self.said.setText(f"{symbol} {correction_text.YOU_SAID[hit.verdict]}" if hit.judged else "")
        self.said.setToolTip(hit.reason if hit.judged else "")
        self.said.setVisible(hit.judged)

    def _show_matches(self) -> None:
        self.match_stepper.show_match(self.canvas.match_at, self.canvas.match_count)

    def _show_similar(self) -> None:
        """Offer the photos that are folded into the hit, or to hide them again."""
        group = self._model.group_of(self._hit) if self._hit is not None else None
        self.similar_button.setVisible(group is not None)
        if group is not None:
            photos = search_text.similar_photos(len(group.similar))
            shown = self._model.is_unfolded(group)
            words = search_text.HIDE_SIMILAR if shown else search_text.SHOW_SIMILAR
            self.similar_button.setText(words.format(photos=photos))
            self.similar_button.setAccessibleName(words.format(photos=photos))
            self.similar_button.setToolTip(search_text.SIMILAR_HINT)

    # -- selection -------------------------------------------------------------------------

    @property
    def selected_regions(self) -> list[Region]:
        """The selected regions in the order of selection."""
        return self.canvas.selected_regions

    def request_similar(self) -> None:
        """Emit ``find_similar`` for the region that was selected last."""
        regions = self.selected_regions
        if regions and self._hit is not None:
            self.find_similar.emit(SearchHit(self._hit.photo, self._hit.score, regions[-1]))

    def _selection_changed(self) -> None:
        self._place_action_bar()
        self._show_matches()
        self.selection_changed.emit()

    def _place_action_bar(self) -> None:
        self.action_bar.place(self.canvas)

    # -- results of reading ----------------------------------------------------------------

    def _is_shown(self, photo_id: PhotoId) -> bool:
        return self._hit is not None and self._hit.photo.id == photo_id

    def _show_regions(self, photo_id: PhotoId, regions: tuple[Region, ...]) -> None:
        if self._is_shown(photo_id):
            self.canvas.set_regions(regions)
            self.selection_changed.emit()

    def _show_pixels(self, photo_id: PhotoId, levels: PhotoLevels) -> None:
        if self._is_shown(photo_id):
            self.canvas.set_levels(levels)

    def _show_failure(self, photo_id: PhotoId, error: EngineError) -> None:
        if not self._is_shown(photo_id):
            return
        if self._hit is not None and not self._hit.photo.available:
            self.canvas.set_problem(photo_text.OFFLINE_REASON)
        else:
            self.canvas.set_problem(f"{error.message} {error.hint or ''}".strip())

    def _thumbnails_ready(self, photo_ids: list[PhotoId]) -> None:
        if self._hit is not None and self._hit.photo.id in photo_ids:
            self.canvas.set_thumbnail(self._session.thumbnails.get(self._hit.photo.id))

    def _read_full(self) -> None:
        if self._hit is not None:
            self._reader.read_full(self._hit.photo)
