"""Words whose usual meaning in a photo is not the first one in WordNet, or not in WordNet.

WordNet orders the meanings of a word by their frequency in texts of the last century.
``lemma#n`` is the n-th meaning, as in WordNet's own tools.
"""

from __future__ import annotations

# Words with another meaning than the first. ("_" stands for a space.)
_MEANINGS = """
plant#2 turtle#2 tiger#2 chicken#2 seal#9 mole#6 shell#10 bunny#2 drone#4 stud#4
tv#2 television#3 monitor#4 microwave#2 toaster#2 washer#3 speaker#2
printer#2 iron#4 cushion#3 toilet#2 light#2 glass#2 plate#4 mug#4 settee#2 cab#3 scooter#3
trailer#4 caravan#2 camper#2 stroller#2 cot#2 slide#4 hose#3 screw#4 nail#2 spade#2
skirt#2 glove#2 ring#8 bracelet#2 sheet#3 cake#3 hotdog#2 hot_dog#2 egg#2 letter#1 palm#3
park#1 party#4 court#4 field#1 bank#9 post#4 fire#1 snow#2 hydrant#2 lorry#2 organ#5 chest#4
trunk#2 board#3 present#2 tram#3 sun#1 date#8 stand#8 track#3 crossing#5
spring#3 model#8 clip#3 heart#7 christmas_tree#5
leopard#2 beaver#7 otter#2 skunk#4 badger#2 weasel#2 mink#3 guinea_pig#2 ostrich#2 scorpion#3
slug#7 hammerhead#3 crayfish#3 hog#3 ram#5 eel#2 quail#2 partridge#3 whale#2 lobster#2 alligator#2
barrel#2 van#5 pepper#4 chocolate#2
doormat#2 lighter#2 loafer#2 paddle#4 chain#3 dome#4 jack-o'-lantern#2 palace#4 pinwheel#2
plunger#3
punching_bag#2 puck#2 radiator#3 scale#7 thatch#4 whistle#4 harvester#2 dock#5
"""

# Words with the meaning of another word: plurals, words that mean something else in photos, and
# spellings or things that are not in WordNet 3.0.
_SAME_AS = {
    "bike": "bicycle#1",
    "motorbike": "motorcycle#1",
    "mobile": "cellphone#1",
    "cell": "cellphone#1",
    "cell phone": "cellphone#1",
    "smartphone": "cellphone#1",
    "smart phone": "cellphone#1",
    "iphone": "cellphone#1",
    "brolly": "umbrella#1",
    "loo": "toilet#2",
    "fridge": "refrigerator#1",
    "wine glass": "wineglass#1",
    "potted plant": "houseplant#1",
    "pot plant": "houseplant#1",
    "stuffed toy": "teddy#1",
    "stuffed animal": "teddy#1",
    "soft toy": "teddy#1",
    "plushie": "teddy#1",
    "cuddly toy": "teddy#1",
    "sports ball": "ball#1",
    "hairdryer": "hair dryer#1",
    "hairdrier": "hair dryer#1",
    "cooker": "stove#1",
    "hob": "stove#1",
    "luggage": "suitcase#1",
    "couple": "couple#2",
    "people": "person#1",
    "cops": "policeman#1",
    "police": "policeman#1",
    "mac": "computer#1",
    "ipad": "laptop#1",
    "tablet": "laptop#1",
    "tablet computer": "laptop#1",
    "macbook": "laptop#1",
    "t-shirt": "t-shirt#1",
    "tshirt": "t-shirt#1",
    "tee shirt": "t-shirt#1",
    "hoodie": "sweatshirt#1",
    "jumper": "sweater#1",
    "pants": "trouser#1",
    "trainers": "gym shoe#1",
    "parking": "parking lot#1",
    "selfie": "self-portrait#1",
    "gift": "present#2",
    "wedding": "wedding#1",
    "arms": "arm#1",
    "hands": "hand#1",
    "cards": "card#1",
    "boards": "board#3",
    "bones": "bone#1",
    "bowls": "bowl#1",
    "cows": "cow#1",
    "crabs": "crab#1",
    "bars": "bar#3",
    "clocks": "clock#1",
    "rings": "ring#8",
    "roads": "road#1",
    "roots": "root#1",
    "letters": "letter#1",
    "trumpets": "trumpet#1",
    "twins": "twin#1",
    "windows": "window#1",
    "wings": "wing#1",
    "papers": "paper#1",
    "hoops": "hoop#1",
    "hearts": "heart#7",
    "strings": "string#1",
    "human": "person#1",
    "humans": "person#1",
    "horses": "horse#1",
    "hot air balloon": "balloon#1",
}

_IN_WORDS = [meaning.replace("_", " ") for meaning in _MEANINGS.split()]
EVERYDAY = {meaning.partition("#")[0]: meaning for meaning in _IN_WORDS} | _SAME_AS
"""Meanings (``lemma#n``) by noun."""

# Everyday noun: what people call by it though WordNet does not, mostly ImageNet's classes.
_CALLED = """
cat: kitten
sheep: lamb, bighorn
cow: calf, ox#1
horse: foal
chicken: chick, hen#2, cock#5
rooster: cock#5
pig: piglet, wild boar, warthog
duck: duckling
swan: cygnet
goat: ibex
monkey: orangutan, gorilla, chimpanzee, gibbon, siamang
hawk: kite#4
mouse: mouse#4
shell: conch, chambered nautilus
mushroom: agaric#2, bolete, gyromitra, earthstar, stinkhorn, coral fungus, hen-of-the-woods
corn: corn#2, ear#5
pepper: bell pepper
flower: rapeseed
potted plant: pot#4
pasta: carbonara
spaghetti: carbonara
pie: potpie
soup: consomme, hot pot
baguette: french loaf
chocolate: chocolate sauce
beer: beer bottle, beer glass
cup: cup#6, mug
wine glass: goblet
plate: plate#8
pan: wok, frying pan
pot: crock pot, caldron
spoon: ladle
brush: paintbrush
axe: hatchet#2
chair: stool
shelf: bookcase
cupboard: china cabinet
drawer: chiffonier
blanket: quilt
window: window shade, window screen, shoji
stairs: bannister
fireplace: fire screen
heater: space heater, radiator
watch: digital watch, stopwatch
lamp: lampshade
sink: washbasin#2
toilet: toilet seat
shower: shower curtain
box: carton, crate, chest#2
barrel: rain barrel
basket: hamper#2, shopping basket
handbag: purse#3
glasses: sunglass
sneaker: running shoe
dress: gown, hoopskirt, kimono
skirt: sarong, overskirt
hair: wig
hat: mortarboard#2, bathing cap, shower cap
flag: flagpole#2
sign: street sign
book: book jacket, comic book
letter: envelope
newspaper: crossword puzzle
keyboard: space bar, typewriter keyboard, computer keyboard
tv: screen#3
monitor: screen#3, monitor#5
computer: laptop, notebook, desktop computer
camera: lens cap
van: minivan, moving van, police van
car: minivan, racer#2, police van
police car: police van
truck: trailer truck, tow truck
train: passenger car, electric locomotive, steam locomotive, freight car
motorcycle: motor scooter
rocket: space shuttle
boat: schooner#2, catamaran, trimaran
sailboat: schooner#2, catamaran, trimaran, yawl
ship: liner#4
harbor: dock#5, pier#3
house: mobile home, boathouse, cliff dwelling
tent: yurt
temple: stupa
castle: palace
tower: water tower, bell cote, obelisk
arch: triumphal arch
roof: thatch#4, tile roof
wall: stone wall
shop: bakery, barbershop, bookshop, butcher shop, confectionery#2, grocery store, shoe shop, toyshop
store: bakery, bookshop, butcher shop, confectionery#2, grocery store, shoe shop, toyshop
beach: seashore, sandbar
sea: seashore, coral reef, breakwater
ocean: seashore, coral reef
lake: lakeside
coast: promontory
mountain: alp, volcano#2
"""
CALLED = [
    (narrow.strip(), wide)
    for wide, _, narrows in (line.partition(":") for line in _CALLED.split("\n") if line)
    for narrow in narrows.split(",")
]
"""Pairs of a narrower and a wider noun in everyday speech that WordNet does not have. ``lemma#n``
is a meaning of WordNet; without a number it is the usual meaning of the noun."""
