"""A chat template becomes three texts; a hostile or useless one is refused."""

from __future__ import annotations

import pytest

from engine.errors import ModelBroken
from engine.reranking.prompt import CHATML, Prompt, prompt_of

PARTS = (
    "{% for m in messages %}[{{ m.role }}]"
    "{% for part in m.content %}{{ part.text }}{% endfor %}[/]{% endfor %}[model]"
)
STRING = "{{ bos_token }}USER: {{ messages[0]['content'] }} ASSISTANT:"


def test_chatml_has_the_picture_before_the_question() -> None:
    found = prompt_of(CHATML)
    assert found == Prompt("<|im_start|>user\n", "", "<|im_end|>\n<|im_start|>assistant\n")


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        (PARTS, Prompt("[user]", "", "[/][model]")),
        (STRING, Prompt("USER: ", "\n", " ASSISTANT:")),
        (
            "{% if messages[0]['role'] != 'system' %}{{ 'S\n' }}{% endif %}" + PARTS,
            Prompt("S\n[user]", "", "[/][model]"),
        ),
        ("{{ eos_token }}" + PARTS, Prompt("<end>[user]", "", "[/][model]")),
    ],
)
def test_templates_of_other_models(template: str, wanted: Prompt) -> None:
    assert prompt_of(template, eos="<end>") == wanted


@pytest.mark.parametrize(
    "template",
    [
        "",
        "{{ messages",
        "{{ raise_exception('no pictures, please') }}",
        "hello",
        "{{ messages[0]['content'] }}{{ messages[0]['content'] }}",
        "{{ messages[0]['content'][1]['text'] }}{{ messages[0]['content'][0]['text'] }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}" + PARTS,
        "{{ messages.append(1) }}" + PARTS,
        "{% for i in range(10**12) %}{% endfor %}" + PARTS,
        "{{ 1 / 0 }}" + PARTS,
    ],
)
def test_templates_that_drop_the_picture_or_the_question_are_refused(template: str) -> None:
    with pytest.raises(ModelBroken, match="chat template"):
        prompt_of(template)
