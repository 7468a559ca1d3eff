"""Reads the names of emoji in seven languages from the packages of the Unicode CLDR."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator
from pathlib import Path

from engine.words.spelling_keys import key_of, plain_emoji

# What people mean by an emoji whose name says something else or more.
_MEANT_LINES = """
smile: 😀 😃 😄 😁 😆 😅 😂 🤣 🙂 😊 😇 ☺ 😉 😋 😌 😏
heart: ❤ 🧡 💛 💚 💙 💜 🖤 🤍 🤎 💕 💖 💗 💘 ♥
family: 👪
house: 🏠 🏡 🏘
runner: 🏃
man: 👨 👱 🧔 🤵
woman: 👩 🧕
person: 🧑 👤 🧍 👥
party: 🎉 🎊 🥳
cake: 🎂 🍰
car: 🚗 🚙 🏎 🚘
bicycle: 🚲 🚴
motorcycle: 🏍 🛵
airplane: ✈ 🛫 🛬 🛩
boat: ⛵ 🚤 🛥 🚣
ship: 🚢 🛳
bus: 🚌 🚍 🚎 🚐
train: 🚆 🚄 🚅 🚂 🚇 🚉 🚞 🚈
truck: 🚚 🚛 🛻
tree: 🌳 🌲
flower: 🌸 🌼 🌺 🏵 🪷 💮
sunflower: 🌻
bouquet: 💐
wave: 🌊
beach: 🏖 ⛱
mountain: 🏔 ⛰ 🗻
sunrise: 🌅 🌄
sunset: 🌇 🌆
night: 🌃 🌌
bridge: 🌉
sun: ☀ 🌞
moon: 🌙 🌕 🌝 🌛 🌜 🌚
star: ⭐ 🌟 🌠 ✨
umbrella: ☔ ☂ 🌂
rain: 🌦 🌧
snow: ❄ 🌨
snowman: ☃ ⛄
cloud: ☁ ⛅ 🌥 🌤
lightning: ⚡ 🌩
fire: 🔥
cell phone: 📱 📲
telephone: ☎ 📞
camera: 📷 📸 🎥 📹
television: 📺
laptop: 💻
monitor: 🖥
computer mouse: 🖱
book: 📚 📖 📕 📗 📘 📙
watch: ⌚
clock: ⏰ 🕐 🕰
sneaker: 👟
shoe: 👞 👠
dress: 👗
t-shirt: 👕
tie: 👔
hat: 🎩 👒
cap: 🧢
backpack: 🎒
handbag: 👜 👛
suitcase: 🧳
glasses: 👓
sunglasses: 🕶
soccer ball: ⚽
tennis: 🎾
surfer: 🏄
skis: ⛷ 🎿
snowboard: 🏂
swimmer: 🏊
teddy bear: 🧸
orange: 🍊
grape: 🍇
strawberry: 🍓
cherry: 🍒
blueberry: 🫐
apple: 🍎 🍏
corn: 🌽
hamburger: 🍔
french fries: 🍟
ice cream: 🍦 🍨 🍧
wine glass: 🍷
beer: 🍺 🍻
coffee: ☕
tea: 🍵
cutlery: 🍴 🍽
christmas tree: 🎄
santa claus: 🎅
gift: 🎁
bride: 👰
wedding: 💒
police officer: 👮
dancer: 💃 🕺
bird: 🐦
chicken: 🐔 🐓
chick: 🐤 🐥 🐣
deer: 🦌
sheep: 🐑
fish: 🐟 🐠
turtle: 🐢
dog: 🐶 🐕 🐕‍🦺
cat: 🐱 🐈 😺 😸 😹
mouse: 🐭 🐁
bear: 🐻
kite: 🪁
skateboard: 🛹
frisbee: 🥏
traffic light: 🚦 🚥
stop sign: 🛑
couch: 🛋
potted plant: 🪴
toothbrush: 🪥
scissors: ✂
castle: 🏰 🏯
church: ⛪
city: 🏙
firework: 🎆 🎇
couple: 🧑‍🤝‍🧑 👫
"""
_MEANT = {
    sign: noun
    for noun, _, signs in (line.partition(": ") for line in _MEANT_LINES.split("\n"))
    for sign in signs.split()
}
_FRONTS = ("person ", "man ", "woman ", "water ", "wrapped ", "red ", "glowing ", "spouting ")
_ENDS = (" face", " pot", " button", " symbol")


def read_emoji(packages: Path, languages: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """Emoji with their name in each language, without people's skin tones.

    Args:
        packages: holds the unpacked npm package cldr-annotations-full.
    """
    tables = {}
    for language in languages:
        path = packages / "annotations" / language / "annotations.json"
        tables[language] = json.loads(path.read_text("utf-8"))["annotations"]["annotations"]
    for sign in tables["en"]:
        names = {code: table.get(sign, {}).get("tts", [""])[0] for code, table in tables.items()}
        yield plain_emoji(sign), {code: name for code, name in names.items() if name}


def english_of(sign: str, name: str, nouns: Container[str]) -> str | None:
    """The known noun that an emoji stands for; None if there is none."""
    if sign in _MEANT:
        return _MEANT[sign]
    name = key_of(name)
    shorter = [name]
    shorter += [name.removeprefix(front) for front in _FRONTS if name.startswith(front)]
    shorter += [name.removesuffix(end) for end in _ENDS if name.endswith(end)]
    return next((text for text in shorter if text in nouns), None)


def names_match(english_name: str, english: str) -> bool:
    """Whether the noun is the emoji's whole name, so that its other names are names of the noun."""
    return key_of(english_name) == key_of(english)
