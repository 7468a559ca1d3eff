"""A model's chat template, split around the picture and the question.

The parts are tokenised separately, so that special tokens work in the template and stay plain text
in what people type.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import ModelBroken

_PICTURE, _QUESTION = "\ue000picture\ue000", "\ue000question\ue000"
"""Placeholders from Unicode's private use area, which templates do not contain."""

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}{{ part['text'] }}{% endfor %}<|im_end|>\n{% endfor %}"
    "{{ '<|im_start|>assistant\n' }}"
)
"""For Qwen files without a template."""


@dataclass(frozen=True)
class Prompt:
    """The template's texts around the picture and the question of a chat with one turn.

    Special tokens are parsed in these texts, never in the question.

    Attributes:
        before: text before the picture.
        between: text between the picture and the question.
        after: text from the question to the start of the model's answer.
    """

    before: str
    between: str
    after: str


def prompt_of(template: str, *, eos: str = "") -> Prompt:
    """Split a model's chat template (Jinja), rendered in a sandbox without access to anything.

    Args:
        eos: the model's end token, which some templates write. The begin token is left out,
            because llama.cpp adds it.

    Raises:
        ModelBroken: the template cannot be rendered, or drops the picture or the question.
    """
    for content in (_PARTS, _PICTURE + "\n" + _QUESTION):
        text = _rendered(template, content, eos)
        if text is not None:
            before, _, rest = text.partition(_PICTURE)
            between, _, after = rest.partition(_QUESTION)
            return Prompt(before, between, after)
    raise ModelBroken(
        "The language model's chat template cannot be used.",
        operation="loading the language model",
        hint="Use a model file with a chat template that takes a picture and a text.",
    )


_PARTS = [{"type": "text", "text": _PICTURE}, {"type": "text", "text": _QUESTION}]


def _rendered(template: str, content: object, eos: str) -> str | None:
    """The rendered chat; None unless both placeholders are in it once and in order."""
    from jinja2 import TemplateError
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise TemplateError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
    )
    try:
        text = environment.from_string(template).render(
            messages=[{"role": "user", "content": content}],
            add_generation_prompt=True,
            bos_token="",
            eos_token=eos,
            raise_exception=refuse,
        )
    except Exception:
        return None
    rendered_parts = "'type'" not in text  # else the list was printed as Python code
    once = text.count(_PICTURE) == 1 and text.count(_QUESTION) == 1
    in_order = text.find(_PICTURE) < text.find(_QUESTION)
    return text if rendered_parts and once and in_order else None
