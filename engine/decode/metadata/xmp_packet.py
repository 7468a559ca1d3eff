"""The properties of an XMP packet (ISO 16684-1): values by namespace and name."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

log = logging.getLogger(__name__)

MOST_BYTES = 4 << 20
"""A packet that is larger is not read."""

_NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "exifEX": "http://cipa.jp/exif/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "MP": "http://ns.microsoft.com/photo/1.2/",
    "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
}
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


class XmpPacket:
    """The properties of a packet; one that cannot be read has none.

    Entities and document types, with which a small packet can fill the memory, are refused.

    Args:
        content: the XML, UTF-8 unless it says otherwise.
    """

    def __init__(self, content: bytes) -> None:
        self._elements: dict[str, Any] = {}
        self._attributes: dict[str, str] = {}
        try:
            self._read(content)
        except Exception as error:  # parsing garbage fails in more ways than can be listed
            log.info("XMP was not read: %s", error)

    def values(self, name: str) -> list[str]:
        """All values of a property ("dc:subject"), of one in several languages the default first;
        empty if it is not there."""
        full = _full(name)
        if full in self._attributes:
            return [self._attributes[full]]
        element = self._elements.get(full)
        if element is None:
            return []
        items = list(element.iter(_full("rdf:li")))
        if items:
            items.sort(key=lambda item: item.get(_LANGUAGE, "x-default") != "x-default")
            return [text for item in items if (text := _own_text(item))]
        text = _own_text(element) or element.get(_full("rdf:resource"), "")
        return [text] if text else []

    def first(self, *names: str) -> str:
        """The first value of the first of these properties that has one; empty if none has."""
        return next((values[0] for name in names if (values := self.values(name))), "")

    def structures(self, name: str, *fields: str) -> Iterator[tuple[str, ...]]:
        """Fields of each structure in a list, empty where a structure lacks one."""
        element = self._elements.get(_full(name))
        if element is None:
            return
        for item in element.iter(_full("rdf:li")):
            yield tuple(_field(item, _full(field)) for field in fields)

    def _read(self, content: bytes) -> None:
        from defusedxml.ElementTree import fromstring

        if len(content) > MOST_BYTES:
            raise ValueError(f"expected at most {MOST_BYTES} bytes, got {len(content)}")
        root = fromstring(content.strip(b"\0 \t\r\n"), forbid_dtd=True)
        # Only those at the top: what lies deeper describes other things, such as earlier versions.
        for rdf in root.iter(_full("rdf:RDF")):
            for described in rdf.findall(_full("rdf:Description")):
                for name, value in described.attrib.items():
                    self._attributes.setdefault(name, value.strip())
                for element in described:
                    self._elements.setdefault(element.tag, element)


def _full(name: str) -> str:
    """A name with its namespace as the parser writes it."""
    prefix, _, local = name.partition(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"


def _own_text(element: Any) -> str:
    """The text of an element, or that of its value if it has qualifiers."""
    value = element.find(f".//{_full('rdf:value')}")
    return ((element if value is None else value).text or "").strip()


def _field(item: Any, full: str) -> str:
    """A field of a structure, which is an attribute or an element."""
    for element in item.iter():
        if full in element.attrib:
            return element.attrib[full].strip()
        if element.tag == full:
            return _own_text(element)
    return ""
