r"""Names of files that are no text: how they are kept in a database, and shown to people.

Linux allows any bytes in a name. Python holds those that are no UTF-8 as lone surrogates
(``os.fsdecode``), which no database and no window takes. In the store each such byte, 0x80 to 0xFF,
is a character of a private area, U+F780 to U+F7FF; a name that has such a character itself is kept
as the bytes of that character. Names with neither are kept as they are.

>>> stored("caf\udce9.jpg") == "caf\uf7e9.jpg", from_stored("caf\uf7e9.jpg") == "caf\udce9.jpg"
(True, True)
>>> from_stored(stored("\uf7e9")) == "\uf7e9", stored("\uf7e9") == "\uf7ef\uf79f\uf7a9"
(True, True)
>>> shown("caf\udce9.jpg") == "caf\ufffd.jpg"
True
"""

from __future__ import annotations

import re
import sys
from pathlib import PurePath

_PRIVATE = 0xF700
_ERRORS = sys.getfilesystemencodeerrors()  # "surrogatepass" on Windows, else "surrogateescape"
_NOT_KEPT = re.compile("[\ud800-\udfff\uf780-\uf7ff]")
_KEPT_BYTES = re.compile("[\uf780-\uf7ff]+")


def stored(name: str | PurePath) -> str:
    """A name or path as it is kept in a database: text that can be encoded as UTF-8."""
    return _NOT_KEPT.sub(
        lambda found: "".join(chr(_PRIVATE + byte) for byte in found[0].encode("utf-8", _ERRORS)),
        str(name),
    )


def from_stored(text: str) -> str:
    """The name or path that ``stored`` has made this text from."""
    return _KEPT_BYTES.sub(
        lambda found: bytes(ord(character) - _PRIVATE for character in found[0]).decode(
            "utf-8", _ERRORS
        ),
        text,
    )


def shown(name: str | PurePath) -> str:
    """A name or path for people: what is no text is U+FFFD."""
    return re.sub("[\ud800-\udfff]", "\ufffd", str(name))
