"""What the cards of the models page show and offer, from the engine's records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from desktop_app.text import models_text
from engine.records import KeptProfile, ModelInfo, ProfileInfo


@dataclass(frozen=True)
class CardAction:
    """A button of a card; the most important one of a card is ``primary``."""

    name: str
    words: str
    primary: bool = False


@dataclass(frozen=True)
class Card:
    """Content of a card.

    Attributes:
        key: name of the model or profile.
        state: one short word or sentence beside the title; may be empty.
        lines: what else is said of it.
        problem: what is wrong with it; empty if nothing is.
    """

    key: str
    title: str
    state: str
    lines: tuple[str, ...]
    actions: tuple[CardAction, ...] = ()
    problem: str = ""


def is_model(paths: Iterable[Path]) -> bool:
    """Whether there is a file among these that can be one of a model."""
    return any(path.suffix.lower() in models_text.MODEL_SUFFIXES for path in paths)


def model_card(info: ModelInfo) -> Card:
    """The card of a model."""
    lines = [models_text.model_facts(info), info.terms]
    if info.notes:
        lines.append(info.notes)
    if not info.fits:
        lines.append(models_text.TOO_LARGE)
    actions: list[CardAction] = []
    if info.installed:
        if info.role == "second-look" and not info.in_use and not info.problem:
            actions.append(CardAction("use", models_text.USE))
        actions.append(CardAction("verify", models_text.VERIFY))
        actions.append(CardAction("remove", models_text.REMOVE))
    else:
        by_hand = [file.name for file in info.files if file.by_hand]
        lines += [models_text.BY_HAND.format(name=name) for name in by_hand]
        if info.downloadable:
            words = models_text.download_button(info)
            actions.append(CardAction("download", words, primary=info.recommended))
        actions.append(CardAction("import", models_text.IMPORT_FILE))
        if by_hand:
            actions.append(CardAction("page", models_text.OPEN_PAGE))
        if info.received_bytes:
            actions.append(CardAction("discard", models_text.DELETE_RECEIVED))
    return Card(info.name, info.title, _state(info), tuple(lines), tuple(actions), info.problem)


def _state(info: ModelInfo) -> str:
    if info.in_use:
        return models_text.STATE_IN_USE
    if info.installed:
        return models_text.STATE_INSTALLED
    return models_text.STATE_RECOMMENDED if info.recommended else ""


def profile_cards(
    available: Iterable[ProfileInfo], kept: Sequence[KeptProfile]
) -> tuple[Card, ...]:
    """The cards of all profiles, that which answers first. A library can hold what one has found
    that this Pickout does not know."""
    known = {info.name: info for info in available}
    names = frozenset(known)
    for row in kept:
        known.setdefault(row.name, ProfileInfo(row.name, row.answering, row.next))
    return tuple(
        _profile_card(info, [row for row in kept if row.name == info.name], info.name in names)
        for info in sorted(known.values(), key=lambda info: not info.answering)
    )


def _profile_card(info: ProfileInfo, kept: Sequence[KeptProfile], can_change: bool) -> Card:
    lines = [models_text.PROFILE_BODIES.get(info.name, "")]
    actions: list[CardAction] = []
    state, problem = "", ""
    if info.answering:
        state = models_text.STATE_ANSWERS
    if info.next:
        state = models_text.STATE_NEXT
        actions.append(CardAction("cancel_change", models_text.CANCEL_CHANGE))
    elif info.problem:
        problem = " ".join(filter(None, (info.problem, info.hint)))
    elif can_change and (not info.answering or info.outdated):
        actions.append(CardAction("change", models_text.CHANGE))
    if info.outdated:
        lines.append(models_text.OUTDATED)
    unused = [row for row in kept if not row.answering and not row.next and row.photos]
    if unused:
        lines.append(models_text.kept(unused))
        actions.append(CardAction("forget", models_text.FORGET))
    title = models_text.profile_title(info.name)
    return Card(info.name, title, state, tuple(filter(None, lines)), tuple(actions), problem)
