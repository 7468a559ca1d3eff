"""A page with a way back, a title and a scrolling column of bounded width."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from desktop_app.text import photo_text
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.basic_widgets import icon_button, label

WIDTH_PX = 760
"""Widest column; longer lines are hard to read."""


class ScrollPage(QWidget):
    """Base of pages; fill ``sections``, and add what belongs beside the title to ``top``.

    Signals:
        closed(): go back to the photos.
    """

    closed = Signal()

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 4, 16, 0)
        column.setSpacing(12)
        self.top = QHBoxLayout()
        self.top.setSpacing(8)
        back = icon_button(theme, "back", photo_text.BACK, "text")
        back.clicked.connect(self.closed)
        self.top.addWidget(back)
        self.top.addWidget(label(title, "title"), 1)
        column.addLayout(self.top)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setAccessibleName(title)
        column.addWidget(self.area, 1)
        body = QWidget()
        body.setMaximumWidth(WIDTH_PX)
        self.sections = QVBoxLayout(body)
        self.sections.setContentsMargins(4, 0, 12, 24)
        self.sections.setSpacing(8)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(body, 1000)
        row.addStretch(1)
        self.area.setWidget(holder)
