"""Tags of the words of a query: the terminals of the grammar in ``plan.lark``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.records import Place


class Tag(StrEnum):
    """What a run of words is to the grammar. ``plan.lark`` says how they go together."""

    DET = "DET"
    COUNT = "COUNT"
    ADJ = "ADJ"
    PLACE_ADJ = "PLACE_ADJ"
    NOUN = "NOUN"
    SCENE = "SCENE"
    POST = "POST"
    VERB = "VERB"
    REL = "REL"
    BETWEEN = "BETWEEN"
    PLACE = "PLACE"
    PREPLACE = "PREPLACE"
    NOT = "NOT"
    AND = "AND"
    OR = "OR"
    PAIRED = "PAIRED"
    COMMA = "COMMA"
    BREAK = "BREAK"
    WITH = "WITH"
    OF = "OF"
    COPULA = "COPULA"
    IN_HAND = "IN_HAND"
    FILTER = "FILTER"
    QUOTED = "QUOTED"
    PLAIN = "PLAIN"
    STOP = "STOP"


OPENERS = frozenset({Tag.DET, Tag.COUNT, Tag.PREPLACE})
HEADS = frozenset({Tag.NOUN, Tag.SCENE})
WORDS = frozenset({Tag.ADJ, Tag.PLACE_ADJ, Tag.NOUN, Tag.SCENE})


@dataclass(frozen=True, slots=True)
class Tagged:
    """A run of tokens with its tag.

    Attributes:
        start, end: characters of the text, ``end`` exclusive.
        english: the words in English, heads in the singular; for function words what stands for
            them in a translation, which may be nothing.
        value: what the tag needs besides: a ``Count``, ``Relation``, ``Filter``; places.
        sizes: SMALL or LARGE for adjectives of size.
        participle: a verb's form that may be an attribute ("flying").
        verbal: a relation that begins with a verb ("sitting on"), which has the subject of the
            relation before it.
        of_scene: a preposition that makes a scene of a place's name ("on" the beach).
        strong: of a negation: it reaches over "and" ("without people and cars").
    """

    tag: Tag
    start: int
    end: int
    text: str
    english: str = ""
    value: object = None
    sizes: tuple[Place, ...] = ()
    participle: bool = False
    verbal: bool = False
    of_scene: bool = False
    strong: bool = False
