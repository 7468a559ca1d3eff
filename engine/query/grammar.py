"""Runs the grammar of ``plan.lark`` over tagged words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.query.tags import Tag, Tagged

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

_FILE = Path(__file__).with_name("plan.lark")


def parsed(tags: Sequence[Tagged]) -> Tree[Token]:
    """The tree of a sequence that ``preparation`` made; its leaves are indexes into ``tags``."""
    tree: Any = _parser().parse(list(tags))
    return tree


@lru_cache(maxsize=1)
def _parser() -> Lark:
    # Takes a fifth of a second to import.
    from lark import Lark, Token
    from lark.lexer import Lexer

    class TagLexer(Lexer):
        """Gives the tags of words that are tagged already; see Lark's documentation, "Lexers"."""

        def __init__(self, lexer_conf: object) -> None:
            pass

        def lex(self, data: Sequence[Tagged]) -> Iterator[Token]:  # type: ignore[override]
            for index, tagged in enumerate(data):
                yield Token(tagged.tag.name, str(index))

    declared = "%declare " + " ".join(tag.name for tag in Tag)
    return Lark(
        _FILE.read_text(encoding="utf-8") + declared + "\n",
        parser="lalr",
        lexer=TagLexer,
        strict=False,
    )
