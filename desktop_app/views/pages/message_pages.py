"""Pages that replace an empty grid: the first run, and a page with a message."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from desktop_app.text import window_text
from desktop_app.views.painting.theme import Theme
from desktop_app.views.widgets.basic_widgets import IconLabel, centred, label, push_button


class MessagePage(QWidget):
    """An icon, a headline, a sentence, a progress bar and a button; all but the headline optional.

    Signals:
        action(): the button was pressed.
    """

    action = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 24, 32, 48)
        column.setSpacing(8)
        column.addStretch(1)
        self._icon = IconLabel(theme, "photos")
        column.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(8)
        self._title = label(role="display", wrap=True)
        self._body = label(role="secondary", wrap=True)
        for words in (self._title, self._body):
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._title)
        column.addLayout(centred(self._body, 460))
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(240)
        self._bar.setAccessibleName(window_text.NOT_YET_TITLE)
        column.addSpacing(12)
        column.addWidget(self._bar, 0, Qt.AlignmentFlag.AlignHCenter)
        self._button = push_button("", role="primary")
        self._button.clicked.connect(self.action)
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)

    def show_message(
        self,
        title: str,
        body: str = "",
        *,
        icon: str = "photos",
        button: str = "",
        progress: tuple[int, int] | None = None,
    ) -> None:
        """Show a message.

        Args:
            button: its label; empty for no button.
            progress: done and total; total 0 means an unknown total; None for no progress bar.
        """
        self._icon.set_icon(icon)
        self._title.setText(title)
        self._body.setText(body)
        self._body.setVisible(bool(body))
        self._button.setText(button)
        self._button.setAccessibleName(button)
        self._button.setVisible(bool(button))
        self._bar.setVisible(progress is not None)
        if progress is not None:
            self._bar.setRange(0, progress[1])
            self._bar.setValue(progress[0])

    @property
    def title(self) -> str:
        """The headline on show."""
        return self._title.text()

    @property
    def body(self) -> str:
        """The sentence on show."""
        return self._body.text()


class FirstRunPage(QWidget):
    """The page of a library without folders.

    Signals:
        add_folder(), try_samples(): a button was pressed.
    """

    add_folder = Signal()
    try_samples = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 24, 32, 48)
        column.setSpacing(10)
        column.addStretch(2)
        column.addWidget(IconLabel(theme, "pickout", 80), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(12)
        title = label(window_text.FIRST_RUN_TITLE, "display", wrap=True)
        body = label(window_text.FIRST_RUN_BODY, "secondary", wrap=True)
        for words in (title, body):
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(title)
        column.addLayout(centred(body, 460))
        column.addSpacing(16)
        buttons = QHBoxLayout()
        buttons.setSpacing(12)
        self.add_button = push_button(window_text.ADD_FOLDER_DOTS, role="primary")
        self.add_button.clicked.connect(self.add_folder)
        self.samples_button = push_button(window_text.TRY_SAMPLES)
        self.samples_button.clicked.connect(self.try_samples)
        for button in (self.add_button, self.samples_button):
            button.setMinimumHeight(38)
            button.setMinimumWidth(180)
        buttons.addStretch(1)
        buttons.addWidget(self.add_button)
        buttons.addWidget(self.samples_button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        column.addSpacing(16)
        privacy = QHBoxLayout()
        privacy.setSpacing(8)
        privacy.addStretch(1)
        privacy.addWidget(IconLabel(theme, "private", 16))
        privacy.addWidget(label(window_text.FIRST_RUN_PRIVACY, "secondary"))
        privacy.addStretch(1)
        column.addLayout(privacy)
        column.addStretch(3)
