"""A vocabulary of a few hundred words in seven languages, for tests of the query parser."""

from __future__ import annotations

from collections.abc import Sequence

from engine.query.tokens import folded
from engine.query.vocabulary import Word, WordKind

NOUNS = """
airplane apple arm baby backpack bag ball balloon banana bathtub bear bed bench bicycle bike bird
boat book bottle bowl box boy branch bridge broccoli brush building bus cake camera candle car cat
cell_phone ceiling chair child church clock coat coffee computer couch counter cow cup desk dish
dog donut door dress duck elephant eye face fence fire_hydrant flag flower foot fork fox frisbee
frog fruit giraffe girl glass glove goat grass guitar hair hand hat helmet hill horse house
hydrant jacket keyboard kite knife lady lake_boat lamp laptop leaf leash leg letter light man map
microwave mirror monkey motorcycle mountain_bike mouse mug neck nose notebook orange oven painting
palm_tree pan paper park_bench person phone piano picture pillow pizza plane plant plate player
pole poster potted_plant puppy purse rabbit racket refrigerator ribbon rock roof rose sail
sandwich scarf sea_gull sheep shelf shirt shoe shop sidewalk sign sink skateboard ski sky
snowboard snowman sofa space_odyssey spoon squirrel star statue stone stop_sign suitcase
sunglasses surfboard table tail teddy_bear telephone tennis_racket tie toilet tomato towel tower
toy traffic_light train tree truck umbrella vase vegetable wall watch water wheel window wine
woman zebra cutting_board swimming_pool birthday_cake friend christmas_tree bird_house
coffee_table top_hat sunflower portrait film card road_sign wave cloud spring_roll suit lens
tourist crowd cyclist potato kid people pair piece slice portrait nikon canon film may march sheet
team road river stream number page mask photo cut-out folder type
""".split()
SCENES = """
airport bathroom beach bedroom city forest garden harbor kitchen lake landscape living_room market
mountain night ocean night_sky office park party restaurant river road room sea sky snow stadium
station street sunrise sunset wedding zoo christmas morning evening field summer autumn winter
desert snow rain
""".split()
IRREGULAR = {
    "men": "man",
    "women": "woman",
    "people": "person",
    "children": "child",
    "mice": "mouse",
    "feet": "foot",
    "knives": "knife",
    "leaves": "leaf",
    "shelves": "shelf",
    "ladies": "lady",
    "puppies": "puppy",
    "tomatoes": "tomato",
    "potatoes": "potato",
    "benches": "bench",
    "watches": "watch",
    "buses": "bus",
    "glasses": "glass",
    "beaches": "beach",
    "parties": "party",
    "cities": "city",
    "dishes": "dish",
    "boxes": "box",
    "skies": "sky",
    "brushes": "brush",
    "branches": "branch",
    "couches": "couch",
    "sheep": "sheep",
    "foxes": "fox",
    "sunglasses": "sunglasses",
    "eyeglasses": "eyeglasses",
    "churches": "church",
}
EMOJI = {
    "🐱": "cat",
    "🐈": "cat",
    "🐶": "dog",
    "🏖": "beach",
    "🏖️": "beach",
    "🚗": "car",
    "🌅": "sunset",
}

# One line a word: its forms, a colon, English; "!" marks scenes, "~" adjectives, "%" verbs.
FOREIGN = {
    "de": """
hund hunde hunden hundes: dog
katze katzen: cat
ball bälle bällen: ball
leine leinen: leash
regenschirm regenschirme schirm: umbrella
auto autos: car
baum bäume bäumen: tree
mann männer männern: man
frau frauen: woman
kind kinder kindern: child
person personen leute menschen: person
sofa sofas: sofa
tisch tische tischen: table
stuhl stühle stühlen: chair
fahrrad fahrräder: bicycle
pferd pferde pferden: horse
hut hüte: hat
boot boote: boat
blume blumen: flower
haus häuser: house
vogel vögel: bird
brücke brücken: bridge
kaffee: coffee
tasse tassen: cup
frisbee: frisbee
strand strände: !beach
küche küchen: !kitchen
wald wälder: !forest
nacht nächte: !night
berg berge bergen: !mountain
straße straßen: !street
sonnenuntergang: !sunset
see seen: !lake
party: !party
weihnachten: !christmas
stadt: !city
rot rote roter rotes roten: ~red
schwarz schwarze schwarzer schwarzes schwarzen: ~black
weiß weiße weißer weißes: ~white
blau blaue blauer blaues blauen: ~blue
alt alte alter altes alten: ~old
schlafen schläft schlafend: %sleep
springt springen: %jump
""",
    "fr": """
chien chiens chienne: dog
chat chats: cat
balle balles ballon: ball
laisse: leash
parapluie parapluies: umbrella
voiture voitures: car
arbre arbres: tree
homme hommes: man
femme femmes: woman
enfant enfants: child
gens personne personnes: person
canapé canapés: sofa
table tables: table
chaise chaises: chair
vélo vélos: bicycle
cheval chevaux: horse
chapeau chapeaux: hat
bateau bateaux: boat
fleur fleurs: flower
maison maisons: house
oiseau oiseaux: bird
tasse tasses: cup
café: coffee
plage plages: !beach
cuisine cuisines: !kitchen
forêt forêts: !forest
nuit: !night
montagne montagnes: !mountain
rue rues: !street
ville: !city
coucher_de_soleil: !sunset
lac: !lake
rouge rouges: ~red
noir noire noirs noires: ~black
blanc blanche blancs blanches: ~white
bleu bleue bleus bleues: ~blue
vieux vieille: ~old
dort dormir: %sleep
""",
    "es": """
perro perros perra: dog
gato gatos gata: cat
pelota pelotas: ball
correa: leash
paraguas: umbrella
coche coches: car
árbol árboles: tree
hombre hombres: man
mujer mujeres: woman
niño niños niña: child
gente persona personas: person
sofá: sofa
mesa mesas: table
silla sillas: chair
bicicleta bicicletas: bicycle
caballo caballos: horse
sombrero sombreros: hat
barco barcos: boat
flor flores: flower
casa casas: house
taza: cup
café: coffee
playa playas: !beach
cocina cocinas: !kitchen
bosque: !forest
noche: !night
montaña montañas: !mountain
calle calles: !street
atardecer: !sunset
ciudad: !city
rojo roja rojos rojas: ~red
negro negra negros negras: ~black
blanco blanca: ~white
azul azules: ~blue
""",
    "it": """
cane cani: dog
gatto gatti: cat
palla palle: ball
guinzaglio: leash
ombrello ombrelli: umbrella
macchina macchine auto: car
albero alberi: tree
uomo uomini: man
donna donne: woman
bambino bambini: child
persone persona gente: person
divano divani: sofa
tavolo tavoli: table
sedia sedie: chair
bicicletta biciclette: bicycle
cavallo cavalli: horse
cappello cappelli: hat
barca barche: boat
casa case: house
spiaggia spiagge: !beach
cucina: !kitchen
bosco: !forest
notte: !night
strada strade: !street
montagna montagne: !mountain
rosso rossa rossi rosse: ~red
nero nera neri nere: ~black
bianco bianca: ~white
""",
    "pt": """
cão cães cachorro cachorros: dog
gato gatos: cat
bola bolas: ball
coleira trela: leash
guarda-chuva: umbrella
carro carros: car
árvore árvores: tree
homem homens: man
mulher mulheres: woman
criança crianças: child
pessoas pessoa: person
sofá: sofa
mesa mesas: table
cadeira cadeiras: chair
bicicleta bicicletas: bicycle
cavalo cavalos: horse
chapéu chapéus: hat
barco barcos: boat
casa casas: house
praia praias: !beach
cozinha: !kitchen
floresta: !forest
noite: !night
rua ruas: !street
montanha: !mountain
vermelho vermelha vermelhos: ~red
preto preta: ~black
branco branca: ~white
""",
    "nl": """
hond honden: dog
kat katten: cat
bal ballen: ball
riem: leash
paraplu paraplu's: umbrella
auto auto's: car
boom bomen: tree
man mannen: man
vrouw vrouwen: woman
kind kinderen: child
mensen persoon: person
bank: sofa
tafel tafels: table
stoel stoelen: chair
fiets fietsen: bicycle
paard paarden: horse
hoed: hat
boot boten: boat
huis huizen: house
strand: !beach
keuken: !kitchen
bos: !forest
nacht: !night
straat straten: !street
berg bergen: !mountain
rood rode: ~red
zwart zwarte: ~black
wit witte: ~white
""",
}
_MARKS = {"!": WordKind.SCENE, "~": WordKind.ADJECTIVE, "%": WordKind.VERB}


class SmallVocabulary:
    """Looks words up in the lists above; English plurals by rule."""

    def __init__(self) -> None:
        self._words: dict[str, dict[str, Word]] = {"en": {}}
        for kind, names in ((WordKind.NOUN, NOUNS), (WordKind.SCENE, SCENES)):
            for name in names:
                english = name.replace("_", " ")
                self._words["en"][english] = Word(english, kind)
        for plural, singular in IRREGULAR.items():
            kind = self._words["en"].get(singular, Word(singular, WordKind.NOUN)).kind
            self._words["en"][plural] = Word(singular, kind)
        for language, lines in FOREIGN.items():
            entries = self._words.setdefault(language, {})
            for line in lines.strip().splitlines():
                forms, english = line.split(": ")
                kind = _MARKS.get(english[0], WordKind.NOUN)
                for form in forms.split():
                    entries[folded(form.replace("_", " "))] = Word(english.lstrip("!~%"), kind)

    def look_up(self, words: Sequence[str], language: str) -> Word | None:
        text = " ".join(words)
        if text in EMOJI:
            return self._words["en"][EMOJI[text]]
        entries = self._words.get(language, {})
        if language != "en":
            return entries.get(folded(text))
        if text in entries:
            return entries[text]
        for ending in ("s", "es"):
            if text.endswith(ending) and text[: -len(ending)] in entries:
                return entries[text[: -len(ending)]]
        return None

    def languages_of(self, word: str) -> frozenset[str]:
        return frozenset(code for code in self._words if self.look_up([word], code))
