"""A question in the form a model was trained on, in parts: what it said of itself, and what people
typed, must not be mixed up."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import ModelBroken

_PICTURE, _QUESTION = "\ue000picture\ue000", "\ue000question\ue000"
"""Stand-ins from Unicode's private use area, which no template speaks of."""

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}{{ part['text'] }}{% endfor %}<|im_end|>\n{% endfor %}"
    "{{ '<|im_start|>assistant\n' }}"
)
"""For Qwen files that carry no template of their own."""


@dataclass(frozen=True)
class Prompt:
    """A chat of one turn around a picture and a question. The three texts are the template's own,
    so special tokens in them count; in the question they never do.

    Attributes:
        before: up to the picture. between: from it to the question. after: from there to where
            the model begins to speak.
    """

    before: str
    between: str
    after: str


def prompt_of(template: str, *, eos: str = "") -> Prompt:
    """From a model's chat template (Jinja), run in a sandbox that reaches nothing.

    Args:
        eos: the model's end token, which some templates write out. Its begin token is left out
            here, because llama.cpp puts it there by itself.

    Raises:
        ModelBroken: the template cannot be run, or loses the picture or the question.
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
    """The chat, if both stand-ins came through once and in their order."""
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
    plain = "'type'" not in text  # a list that was printed as Python prints it
    once = text.count(_PICTURE) == 1 and text.count(_QUESTION) == 1
    in_order = text.find(_PICTURE) < text.find(_QUESTION)
    return text if plain and once and in_order else None
