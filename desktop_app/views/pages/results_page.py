"""The grid with what belongs to it: a sentence above, the fold of the hits judged No below."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app import text
from desktop_app.bridge.session import Session
from desktop_app.item_models.photo_grid import PhotoGridModel
from desktop_app.views.grid.photo_delegate import PhotoDelegate
from desktop_app.views.grid.photo_grid_view import PhotoGridView
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.basic_widgets import label, push_button
from desktop_app.views.widgets.second_look_bar import SecondLookBar


class Band(QFrame):
    """A sentence over the grid, with an optional button.

    Signals:
        pressed(): the button was.
    """

    pressed = Signal()

    def __init__(self, button: str = "") -> None:
        super().__init__()
        self.setObjectName("band")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 8, 8)
        row.setSpacing(12)
        self._words = label(wrap=True)
        row.addWidget(self._words, 1)
        self.button = push_button(button, role="link")
        self.button.clicked.connect(self.pressed)
        row.addWidget(self.button)
        self.button.setVisible(bool(button))
        self.hide()

    def say(self, words: str) -> None:
        """Nothing to say hides it."""
        self._words.setText(words)
        self.setVisible(bool(words))

    @property
    def words(self) -> str:
        return self._words.text()


class ResultsPage(QWidget):
    """Attributes:
    grid: the view itself.
    notice: about the profile that answered; dismissible.
    second_look_bar: how far the closer look at the hits is.
    verdict_band: said when everything was judged No, or photos are still missing.
    news_band: the library has grown since the search; offers to search again.
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
        self.notice = Band(text.DISMISS)
        self.second_look_bar = SecondLookBar()
        self.verdict_band = Band()
        self.news_band = Band(text.REFRESH)
        self.fold = push_button("", role="link")
        self.fold.clicked.connect(self._toggle_no)
        self.fold.hide()
        self.grid.set_footer(self.fold)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        bands = QVBoxLayout()
        bands.setContentsMargins(16, 0, 16, 0)
        bands.setSpacing(8)
        bands.addWidget(self.notice)
        bands.addWidget(self.second_look_bar)
        bands.addWidget(self.verdict_band)
        bands.addWidget(self.news_band)
        column.addLayout(bands)
        column.addWidget(self.grid, 1)
        model.sections_changed.connect(self._refresh_fold)

    def _refresh_fold(self) -> None:
        hidden = self._model.hidden_no
        words = text.SHOW_NO.format(count=text.number(hidden)) if hidden else text.HIDE_NO
        visible = not self._model.browsing and (hidden > 0 or self._model.show_no)
        self.fold.setText(words)
        self.fold.setAccessibleName(words)
        self.fold.setVisible(visible)
        self.grid.updateGeometries()

    def _toggle_no(self) -> None:
        offset = self.grid.verticalOffset()
        self._model.set_show_no(not self._model.show_no)
        self.grid.verticalScrollBar().setValue(offset)
