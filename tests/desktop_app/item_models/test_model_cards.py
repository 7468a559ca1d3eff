"""Which card says what and has which buttons."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from desktop_app.item_models.model_cards import Card, model_card, profile_cards
from desktop_app.text import models_text
from engine.jobs import Progress
from engine.records import KeptProfile, ModelFileInfo, ModelInfo, ProfileCost, ProfileInfo

FILE = ModelFileInfo("m.gguf", 2_000_000_000, "https://example.org/m.gguf", by_hand=False)
BY_HAND = ModelFileInfo("alpha.pth", None, "https://example.org/page", by_hand=True)
AVAILABLE = ModelInfo(
    name="vl",
    title="VL 2B",
    role="second-look",
    does="takes the second look",
    licence="MIT",
    terms="Free for any use.",
    source="https://example.org",
    notes="",
    files=(FILE,),
    size_bytes=2_000_000_000,
    memory_bytes=3_000_000_000,
    folder=None,
)
INSTALLED = replace(AVAILABLE, folder=Path("/models/vl"))
STARTER = ProfileInfo("starter", answering=True, next=False)
FULL = ProfileInfo("full", answering=False, next=False)


def names(card: Card) -> list[str]:
    return [action.name for action in card.actions]


@pytest.mark.parametrize(
    ("info", "buttons"),
    [
        (AVAILABLE, ["download", "import"]),
        (replace(AVAILABLE, received_bytes=500_000_000), ["download", "import", "discard"]),
        (replace(AVAILABLE, files=(FILE, BY_HAND)), ["download", "import", "page"]),
        (replace(AVAILABLE, files=(BY_HAND,)), ["import", "page"]),
        (INSTALLED, ["use", "verify", "remove"]),
        (replace(INSTALLED, in_use=True), ["verify", "remove"]),
        (replace(INSTALLED, problem="It is broken."), ["verify", "remove"]),
        (replace(INSTALLED, role="masks"), ["verify", "remove"]),
    ],
)
def test_buttons_of_a_model(info, buttons):
    assert names(model_card(info)) == buttons


def test_what_a_card_says_of_a_model():
    card = model_card(AVAILABLE)
    assert card.lines == ("2.0 GB · needs about 3.0 GB of memory · MIT", "Free for any use.")
    assert card.actions[0].words == "Download 2.0 GB" and not card.actions[0].primary
    stopped = model_card(replace(AVAILABLE, received_bytes=500_000_000, recommended=True))
    assert stopped.actions[0].words == "Go on with the download (500 MB of 2.0 GB)"
    assert stopped.actions[0].primary and stopped.state == models_text.STATE_RECOMMENDED
    assert models_text.TOO_LARGE in model_card(replace(AVAILABLE, fits=False)).lines
    by_hand = model_card(replace(AVAILABLE, files=(BY_HAND,), size_bytes=None))
    assert "alpha.pth has to be fetched by hand" in by_hand.lines[-1]
    assert by_hand.lines[0].startswith("size not published")
    assert model_card(replace(INSTALLED, in_use=True)).state == models_text.STATE_IN_USE
    assert model_card(replace(INSTALLED, problem="It is broken.")).problem == "It is broken."


def kept(name: str, photos: int = 6, **changes) -> KeptProfile:
    values = {"answering": False, "next": False, "complete": True} | changes
    return KeptProfile(name, f"{name}-key", photos, 1_000_000, **values)


@pytest.mark.parametrize(
    ("profile", "rows", "buttons"),
    [
        (FULL, [], ["change"]),
        (replace(FULL, problem="SAM is not installed.", hint="Get it."), [], []),
        (replace(FULL, next=True), [kept("full", next=True)], ["cancel_change"]),
        (FULL, [kept("full")], ["change", "forget"]),
        (STARTER, [kept("starter", answering=True)], []),
        (replace(STARTER, outdated=True), [kept("starter", answering=True)], ["change"]),
        (STARTER, [kept("starter", answering=True), kept("starter")], ["forget"]),
    ],
)
def test_buttons_of_a_profile(profile, rows, buttons):
    (card,) = profile_cards([profile], rows)
    assert names(card) == buttons


def test_the_profile_that_answers_comes_first_and_unknown_ones_can_be_forgotten():
    cards = profile_cards(
        [STARTER, FULL], [kept("older"), kept("mine", answering=True), kept("starter")]
    )
    assert cards[0].key in ("starter", "mine") and {card.key for card in cards} == {
        *("starter", "full", "older", "mine")
    }
    (older,) = [card for card in cards if card.key == "older"]
    assert names(older) == ["forget"] and "6 photos" in older.lines[-1]


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (Progress(), "Waiting"),
        (Progress("Checking m", 0, None), "Checking m"),
        (
            Progress("Downloading m", 51_000_000, 156_000_000, 3_100_000.0, 34.0),
            "Downloading m · 51.0 MB of 156 MB · 3.1 MB/s · less than a minute left",
        ),
    ],
)
def test_progress_in_bytes(progress, words):
    assert models_text.transfer(progress) == words


def test_the_cost_of_a_change_says_time_room_and_what_answers_meanwhile():
    cost = ProfileCost("full", 12_480, 0.5, True, 24_960.0, 900_000_000, 70_000_000_000)
    words = models_text.cost(cost)
    assert "12,480 photos" in words and "about 6 h 55 min (tried on a few)" in words
    assert "900 MB" in words and models_text.NO_ROOM not in words
    full = replace(cost, free_bytes=1_000, tried=False, seconds=None)
    assert models_text.NO_ROOM in models_text.cost(full) and "takes" not in models_text.cost(full)
