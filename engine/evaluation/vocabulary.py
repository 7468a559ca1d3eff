"""Query words that are no COCO category: synonyms of categories, and things in no photo.

None of the synonyms is an ImageNet class name either, so models that were fitted on those two
lists have to know the word itself. Only "television" is one; it is kept because it is typed often.
"""

from __future__ import annotations

SYNONYMS = {
    "puppy": "dog",
    "kitty": "cat",
    "pony": "horse",
    "lamb": "sheep",
    "calf": "cow",
    "kid": "person",
    "man": "person",
    "woman": "person",
    "automobile": "car",
    "lorry": "truck",
    "bike": "bicycle",
    "motorbike": "motorcycle",
    "aeroplane": "airplane",
    "sofa": "couch",
    "settee": "couch",
    "armchair": "chair",
    "television": "tv",
    "telly": "tv",
    "smartphone": "cell phone",
    "mobile": "cell phone",
    "fridge": "refrigerator",
    "loo": "toilet",
    "brolly": "umbrella",
    "luggage": "suitcase",
    "doughnut": "donut",
    "wineglass": "wine glass",
    "mug": "cup",
    "houseplant": "potted plant",
    "stuffed toy": "teddy bear",
    "fireplug": "fire hydrant",
}
"""Word -> COCO category. Some words are narrower than their category ("kid"); every photo of the
category counts as relevant, so a model that understands the word exactly loses nothing."""

PROMISED = ("puppy", "automobile", "sofa", "kid", "television", "bike")
"""Synonyms that must find photos as well as the name of their category."""
PROMISED_WITHIN = 0.05
"""The image AP@50 that a word of ``PROMISED`` may lose against its category."""

ABSENT_CLASSES = (
    *("submarine", "volcano", "saxophone", "trombone", "harp", "accordion", "scorpion"),
    *("jellyfish", "starfish", "triceratops", "geyser", "totem pole", "stethoscope", "abacus"),
    *("gorilla", "tarantula", "hedgehog", "space shuttle", "cannon", "chainsaw"),
)
"""ImageNet class names, which the models were trained on."""

ABSENT_OTHERS = (
    *("octopus", "squid", "seahorse", "walrus", "rhinoceros", "kangaroo", "crocodile"),
    *("rattlesnake", "iceberg", "tornado", "stalactite", "pyramid", "sphinx", "sarcophagus"),
    *("catapult", "anvil", "oil rig", "microscope", "bagpipes", "astronaut"),
)
"""Words that are no ImageNet class names."""

ABSENT = ABSENT_CLASSES + ABSENT_OTHERS
"""Visible things that hardly occur in COCO photos; a match for one of them counts as wrong."""
