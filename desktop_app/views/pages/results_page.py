"""The page with the grid, the message bars above it and the button for hits judged No below it."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.bridge.session import Session
from desktop_app.item_models.photo_grid import PhotoGridModel
from desktop_app.text import formatting, search_text, window_text
from desktop_app.views.grid.grid_geometry import CELL_MAX_PX, CELL_MIN_PX
from desktop_app.views.grid.photo_delegate import PhotoDelegate
from desktop_app.views.grid.photo_grid_view import PhotoGridView
from desktop_app.views.grid.view_bar import ViewBar
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.basic_widgets import push_button
from desktop_app.views.widgets.message_bar import MessageBar
from desktop_app.views.widgets.second_look_bar import SecondLookBar
from desktop_app.views.widgets.selection_bar import SelectionBar


class ResultsPage(QWidget):
    """Shows all photos, or the hits of a search.

    Attributes:
        grid: the view of the photos.
        profile_notice: recommends better models; dismissible.
        second_look_bar: progress of reranking.
        result_note_bar: shown when everything was judged No, or photos are not searchable yet.
        changes_bar: the library has changed since the search; offers to search again.
        view_bar: order of the hits, size of the photos.
        selection_bar: what can be done with several selected photos.
        show_no_button: shows and hides the hits judged No.
    """

    def __init__(
        self, session: Session, model: PhotoGridModel, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._model = model
        self.grid = PhotoGridView(theme)
        self.grid.setItemDelegate(PhotoDelegate(session, theme, self.grid))
        self.grid.setModel(model)
        session.thumbnails.ready.connect(self.grid.thumbnails_ready)
        session.outlines.ready.connect(self.grid.outlines_ready)
        self.profile_notice = MessageBar(window_text.BETTER_MODELS, window_text.DISMISS)
        self.second_look_bar = SecondLookBar()
        self.result_note_bar = MessageBar()
        self.changes_bar = MessageBar(search_text.REFRESH)
        self.view_bar = ViewBar((CELL_MIN_PX, CELL_MAX_PX))
        self.selection_bar = SelectionBar(theme)
        self.show_no_button = push_button("", role="link")
        self.show_no_button.clicked.connect(self._toggle_no)
        self.show_no_button.hide()
        self.grid.set_footer(self.show_no_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        bars = QVBoxLayout()
        bars.setContentsMargins(16, 0, 16, 0)
        bars.setSpacing(8)
        bars.addWidget(self.view_bar)
        bars.addWidget(self.profile_notice)
        bars.addWidget(self.second_look_bar)
        bars.addWidget(self.result_note_bar)
        bars.addWidget(self.changes_bar)
        column.addLayout(bars)
        column.addWidget(self.grid, 1)
        below = QVBoxLayout()
        below.setContentsMargins(16, 0, 16, 8)
        below.addWidget(self.selection_bar)
        column.addLayout(below)
        model.sections_changed.connect(self._refresh_show_no_button)

    def _refresh_show_no_button(self) -> None:
        hidden = self._model.hidden_no
        words = search_text.HIDE_NO
        if hidden:
            words = search_text.SHOW_NO.format(count=formatting.number(hidden))
        visible = not self._model.browsing and (hidden > 0 or self._model.show_no)
        self.show_no_button.setText(words)
        self.show_no_button.setAccessibleName(words)
        self.show_no_button.setVisible(visible)
        self.grid.updateGeometries()

    def _toggle_no(self) -> None:
        offset = self.grid.verticalOffset()
        self._model.set_show_no(not self._model.show_no)
        self.grid.verticalScrollBar().setValue(offset)
