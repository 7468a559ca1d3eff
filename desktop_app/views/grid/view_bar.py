"""The line above the grid: the order of the hits, and the size of the photos."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSlider, QWidget

from desktop_app.item_models.hit_order import HitOrder
from desktop_app.text import search_text
from desktop_app.views.widgets.basic_widgets import label

SLIDER_PX = 120


class ViewBar(QWidget):
    """Shows the order only while there is a search.

    Args:
        sizes_px: the smallest and the largest size of the photos.

    Signals:
        order_chosen(HitOrder), size_chosen(int): people have chosen another one.
    """

    order_chosen = Signal(object)
    size_chosen = Signal(int)

    def __init__(self, sizes_px: tuple[int, int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addStretch(1)
        self._order_label = label(search_text.ORDER, "secondary")
        self.order_box = QComboBox()
        self.order_box.setAccessibleName(search_text.ORDER_NAME)
        for order, words in search_text.ORDERS.items():
            self.order_box.addItem(words, order)
        self.order_box.currentIndexChanged.connect(self._order_changed)
        self.size_slider = QSlider(Qt.Orientation.Horizontal)
        self.size_slider.setRange(*sizes_px)
        self.size_slider.setSingleStep(20)
        self.size_slider.setPageStep(60)
        self.size_slider.setFixedWidth(SLIDER_PX)
        self.size_slider.setAccessibleName(search_text.PHOTO_SIZE)
        self.size_slider.setToolTip(search_text.PHOTO_SIZE_HINT)
        self.size_slider.valueChanged.connect(self.size_chosen)
        row.addWidget(self._order_label)
        row.addWidget(self.order_box)
        row.addSpacing(8)
        row.addWidget(self.size_slider)

    def show_order(self, order: HitOrder, *, visible: bool) -> None:
        """Show the order, or hide it; nothing is emitted."""
        self.order_box.blockSignals(True)
        self.order_box.setCurrentIndex(self.order_box.findData(order))
        self.order_box.blockSignals(False)
        for widget in (self._order_label, self.order_box):
            widget.setVisible(visible)

    def show_size(self, size_px: int) -> None:
        """Show the size; nothing is emitted."""
        self.size_slider.blockSignals(True)
        self.size_slider.setValue(size_px)
        self.size_slider.blockSignals(False)

    def _order_changed(self) -> None:
        self.order_chosen.emit(HitOrder(self.order_box.currentData()))
