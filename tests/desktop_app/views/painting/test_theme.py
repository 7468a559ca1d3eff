"""Both themes are complete, and their words can be read."""

from __future__ import annotations

import re

import pytest
from PySide6.QtGui import QColor

from desktop_app.views.grid.photo_delegate import BADGE_COLOURS, BADGE_GROUND
from desktop_app.views.painting import theme as themes
from engine.paths import resources_dir

GROUNDS = ("window", "sidebar", "surface", "raised")
WORDS = ("text", "secondary", "link", "danger", "match", "unsure", "no")
WRITTEN_ON = [(ground, words) for ground in GROUNDS for words in WORDS]
WRITTEN_ON += [("hover", "text"), ("hover", "link")]


def luminance(colour: QColor) -> float:
    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(v) for v in (colour.redF(), colour.greenF(), colour.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: QColor, other: QColor) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize(("ground", "words"), WRITTEN_ON)
def test_words_stand_out_from_every_ground(name, ground, words):
    colours = themes.tokens(name)
    assert contrast(colours[words], colours[ground]) >= 4.5


@pytest.mark.parametrize("name", ["light", "dark"])
def test_buttons_and_selections_can_be_read(name):
    colours = themes.tokens(name)
    assert contrast(colours["on_accent"], colours["accent"]) >= 4.5
    assert contrast(colours["on_accent"], colours["accent_hover"]) >= 4.5
    assert contrast(colours["text"], colours["accent_soft"]) >= 4.5
    assert contrast(colours["accent"], colours["window"]) >= 3
    assert contrast(colours["control_border"], colours["surface"]) >= 3


def test_badges_can_be_read_on_a_white_photo():
    ground = QColor.fromRgbF(
        *(
            over * BADGE_GROUND.alphaF() + (1 - BADGE_GROUND.alphaF())
            for over in (BADGE_GROUND.redF(), BADGE_GROUND.greenF(), BADGE_GROUND.blueF())
        )
    )
    for colour in (*BADGE_COLOURS.values(), QColor("white")):
        assert contrast(colour, ground) >= 4.5


def test_themes_have_the_same_tokens_and_the_sheet_uses_no_other():
    light, dark = themes.tokens("light").colours, themes.tokens("dark").colours
    assert set(light) == set(dark)
    sheet = (resources_dir() / "themes" / "window.qss").read_text(encoding="utf-8")
    assert set(re.findall(r"@(\w+)", sheet)) <= set(light) | {"icons", "theme"}


def test_every_icon_named_in_the_window_is_there(theme):
    for path in (resources_dir() / "icons").glob("*.svg"):
        pixmap = themes.icon_pixmap(path.stem, "#ffffff", 20)
        assert not pixmap.isNull()
        assert pixmap.toImage().allGray() or path.stem == "pickout"
