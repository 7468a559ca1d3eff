"""Tells whether a query asks for people: then faces are evidence for it."""

from __future__ import annotations

import re

from engine.starter.text.thesaurus import Thesaurus

_PERSON = "person"
# WordNet has them below something else: groups, parts, pictures, machines.
_MORE = frozenset(
    "people men women folk folks crowd audience team couple face portrait selfie smile driver "
    "biker speaker passerby police santa".split()
) | {"bus driver", "cab driver", "taxi driver", "truck driver", "santa claus"}
# Below "person" too, but rather animals, things or pictures on photos, or no such words at all.
_NOT_PEOPLE = frozenset(
    "admiral alien badger balance bass blimp boxer buddha butterball butterfingers calculator "
    "canary cancer cardinal carrier chameleon cherub choker cipher coach colossus coon copycat "
    "cutter cyborg dalmatian decoy digger dike dodo doormat double ducky dummy edger ewe extra "
    "featherweight figurehead flapper fossil fruitcake gemini ghost gopher grader groundling "
    "grunter hack hammerhead hanger harrier harvester heavy heavyweight hellhound hog "
    "homunculus hope ideal jack jackass juicer kachina killer knocker latin leo libra life "
    "lifter lightweight loader loafer loggerhead love lulu lurcher macaroni maltese manikin "
    "mannequin mannikin mark maverick mind monarch mover mummy nag nighthawk ostrich ottoman "
    "page pain painter pawn peeler persian pest picker piranha pirate pisces pivot planter "
    "plunger popinjay poster powerhouse pussycat quarter quiche rake reaper roaster rocker "
    "roly-poly ruler runt samoyed scorpio scorpion screwball setter shadow shaker shaper shaver "
    "shrimp siamese skunk sleuthhound slicer smoothie smoothy spearhead sphinx spinner spitfire "
    "sponger sport sprayer square stacker stinkpot striper stuffer sucker suckling sweeper "
    "tackle tart taurus tchotchke thoroughbred throwaway thrush tiddler tobacconist torpedo "
    "tramp trapper treasury trimmer trojan tumbler tuner valentine vixen voice wasp watchdog "
    "weasel weeder whale whaler wheeler white whitey whiz wiper wolverine wrecker yearling "
    "zombie".split()
) | {
    *("bad egg", "big cheese", "big fish", "big gun", "big wheel", "black and tan"),
    *("black belt", "black sheep", "cold fish", "couch potato", "dark horse", "devil dog"),
    *("early bird", "fat cat", "fresh fish", "good egg", "grease monkey", "guinea pig"),
    *("gym rat", "hard hat", "killer bee", "lame duck", "lightning rod", "night owl"),
    *("pack rat", "punching bag", "rare bird", "sacred cow", "second hand", "sitting duck"),
    *("sounding board", "spring chicken", "stool pigeon", "top banana", "top dog"),
    *("ugly duckling", "water dog", "water rat", "wet blanket", "wharf rat"),
}


# "Portrait of a dog" asks for a dog.
_PICTURES = frozenset("face portrait selfie smile".split())
_OF = re.compile(r"\s+of\s+", re.I)


def asks_for_people(text: str, thesaurus: Thesaurus) -> bool:
    """Whether the head noun of a query is a kind of person, or a word such as "portrait".

    Raises:
        ModelMissing: the thesaurus file is missing.
        ModelBroken: it cannot be read.
    """
    head = thesaurus.head(text, _MORE)
    if head is None or head.lemma in _NOT_PEOPLE:
        return False
    whose = _OF.split(text, maxsplit=1)[1:]
    if head.lemma in _PICTURES and whose:
        return asks_for_people(whose[0], thesaurus)
    person = thesaurus.meaning_id(_PERSON)
    return head.lemma in _MORE or any(
        person in level for level in thesaurus.meanings_above(head.lemma)
    )
