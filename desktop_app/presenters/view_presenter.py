"""The order of the hits and the size of the photos in the grid, kept for the next start."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from desktop_app.item_models.hit_order import HitOrder
from desktop_app.item_models.photo_grid import PhotoGridModel
from desktop_app.ui_state import UiState
from desktop_app.views.grid.grid_geometry import CELL_MAX_PX, CELL_MIN_PX, CELL_PX
from desktop_app.views.main_window import MainWindow
from desktop_app.views.pages.results_page import ResultsPage

ORDER, SIZE = "order", "photo_px"
"""Names in the stored state of the window."""
STEP = 1.15
COMMAND_ORDERS = {
    "sort_relevance": HitOrder.RELEVANCE,
    "sort_newest": HitOrder.NEWEST,
    "sort_oldest": HitOrder.OLDEST,
    "sort_name": HitOrder.NAME,
}


class ViewPresenter(QObject):
    """Connects the bar above the grid, Ctrl and the wheel, and the commands with the grid."""

    def __init__(
        self, window: MainWindow, state: UiState, model: PhotoGridModel, results: ResultsPage
    ) -> None:
        super().__init__(window)
        self._state, self._model = state, model
        self._grid, self._bar = results.grid, results.view_bar
        commands = window.commands
        for name, order in COMMAND_ORDERS.items():
            commands[name].triggered.connect(partial(self._choose_order, order))
        commands["larger"].triggered.connect(partial(self._resize, 1))
        commands["smaller"].triggered.connect(partial(self._resize, -1))
        self._bar.order_chosen.connect(self._choose_order)
        self._bar.size_chosen.connect(self._choose_size)
        self._grid.resize_requested.connect(self._resize)
        model.sections_changed.connect(self._show_order)
        stored = state.text(ORDER, HitOrder.RELEVANCE)
        self._choose_order(HitOrder(stored) if stored in list(HitOrder) else HitOrder.RELEVANCE)
        size = state.text(SIZE, "")
        self._choose_size(int(size) if size.isdecimal() else CELL_PX)

    def _choose_order(self, order: HitOrder, *_: object) -> None:
        self._state.set_text(ORDER, order)
        self._model.set_order(order)
        self._show_order()

    def _show_order(self) -> None:
        self._bar.show_order(self._model.order, visible=not self._model.browsing)

    def _resize(self, steps: int, *_: object) -> None:
        factor = STEP**steps
        self._choose_size(round(self._grid.cell_px * factor))

    def _choose_size(self, size_px: int) -> None:
        size_px = max(CELL_MIN_PX, min(CELL_MAX_PX, size_px))
        self._state.set_text(SIZE, str(size_px))
        self._grid.set_cell_px(size_px)
        self._bar.show_size(size_px)
