"""English colour words, and names of things that contain one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.starter.colours.colour_vectors import COLOURS

# One line per basic colour: words that mean hardly anything else.
_WORDS = {
    "black": "black blackish",
    "white": "white whitish",
    "grey": "grey gray greyish grayish silver silvery",
    "red": "red reddish crimson scarlet maroon vermilion carmine",
    "orange": "orange orangish",
    "yellow": "yellow yellowish gold golden",
    "green": "green greenish chartreuse",
    "blue": "blue bluish blueish navy indigo azure cobalt ultramarine cerulean",
    "purple": "purple purplish violet mauve lilac",
    "pink": "pink pinkish fuchsia",
    "blue green": "turquoise teal cyan aquamarine aqua",
    "pink purple": "magenta",
    "brown white": "beige ecru taupe",
    "brown yellow": "khaki",
    "brown": "brown brownish sepia tan",
}  # fmt: skip
# Names of things that are used for colours. They count only before "coloured" ("a peach-coloured
# dress"). Before a colour word ("lime green") they are skipped.
_OBJECTS = {
    "red": "ruby cherry blood brick wine burgundy rust tomato fire cardinal",
    "orange": "tangerine pumpkin amber copper carrot apricot",
    "yellow": "lemon mustard canary sand straw honey sunflower blonde blond",
    "green": "lime olive mint emerald forest sea grass moss apple pea bottle army jade hunter",
    "blue": "sky baby royal powder steel ice denim midnight ocean electric sapphire petrol slate",
    "purple": "plum lavender grape aubergine eggplant amethyst",
    "pink": "rose salmon coral peach hot flamingo bubblegum blush",
    "brown": "chocolate coffee chestnut caramel mahogany walnut bronze cinnamon leather wood",
    "grey": "ash charcoal graphite smoke lead gunmetal",
    "black": "pitch coal ebony jet ink raven",
    "white": "snow ivory cream pearl milk bone chalk",
}
# Names with a colour word that says nothing about the thing's pixels.
_PLAIN_NAME_TABLE = """
orange juice|orange peel|orange slice|orange tree|orange fruit|orange segment|orange wedge
orange half|orange soda|orange marmalade|orange zest|orange grove|orange squash|mandarin orange
white wine|red panda|green bean|green card|green house|black board|white board
blue jean|blue print|blue cheese|red cross|red bull|black hole|black market
silver spoon|silver medal|gold medal|silver screen|silver ware|golden retriever
golden gate bridge|golden gate|golden eagle|golden hour|gold fish|gold mine|golden delicious
white house|black tea|green tea|white tea|black coffee|white coffee|black tie|black friday
brown rice|brown sugar|white noise|white water|black and white photo
black and white photograph|black and white picture|black and white image|black and white film
black white photo|red light|green light|yellow light|amber light|white light|red eye
black man|white man|black woman|white woman|black person|white person|black people|white people
black boy|white boy|black girl|white girl|black guy|white guy|black lady|white lady|brown man
brown woman|brown person|brown people|black child|white child|black kid|white kid
black men|white men|black women|white women|black children|white children
green thumb|green room|green onion|traffic light|street light|stop light|blood orange|navy ship
navy seal|navy officer
yellow pages|purple heart|pink floyd|white collar|blue collar|black belt|yellow card|red card
white shark|great white shark|black eye|green party|silver fox|grey matter|orange county
"""
# Names of things that mostly have the colour: the words stay, and the colour has a low weight.
_COLOURED_NAME_TABLE = """
black bear|brown bear|white bear|blue jay|blue whale|blue bird|black bird|red fox|grey wolf
gray wolf|black widow|black panther|black swan|white rhino|black rhino|grey squirrel|red squirrel
gray squirrel|green turtle|green iguana|red deer|blue tit|blue heron|great blue heron|grey heron
gray heron|red robin|grey seal|gray seal|white tiger|white stork|red kite|red onion|white onion
green salad|green olive|black olive|red cabbage|red wine|red grape|green grape|white bread
brown bread|white chocolate|red snapper|yellow cab|red carpet|black pepper|black bean|red bean
white rice|green plant|green tree|green grass|green leaf|green leaves|green field|blue sky
red meat|white meat|yellow squash|red cedar|white pine|white oak|silver birch|red maple|blue crab
"""


def _weights_by_word(table: dict[str, str]) -> dict[str, np.ndarray]:
    """Word -> weights of the basic colours, float32 (11,), sum 1."""
    found: dict[str, np.ndarray] = {}
    for names, words in table.items():
        weights = np.zeros(len(COLOURS), np.float32)
        for name in names.split():
            weights[COLOURS.index(name)] += 1 / len(names.split())
        found.update(dict.fromkeys(words.split(), weights))
    return found


def _phrases(table: str) -> Iterator[str]:
    for line in table.split("\n"):
        yield from (phrase.strip() for phrase in line.split("|") if phrase.strip())


COLOUR_WORD_WEIGHTS = _weights_by_word(_WORDS)
OBJECT_WEIGHTS = _weights_by_word(_OBJECTS)
_PLAIN_NAMES = frozenset(_phrases(_PLAIN_NAME_TABLE))
_COLOURED_NAMES = frozenset(_phrases(_COLOURED_NAME_TABLE))


def name_kind(phrase: str) -> str:
    """Which table a phrase is in: ``plain``, ``coloured``, or an empty string. Plurals count."""
    for form in (phrase, phrase.removesuffix("s"), phrase.removesuffix("es")):
        if form in _PLAIN_NAMES:
            return "plain"
        if form in _COLOURED_NAMES:
            return "coloured"
    return ""
