"""The text in an SVG picture, which needs no eyes."""

from __future__ import annotations

from lxml import etree

from workers.processors.base import ProcessingFailed

MODEL = "svg"
TEXT_TAGS = {"text", "title", "desc"}


def read(xml: bytes) -> str:
    """The text elements, one a line, and title and description; '' if there are none.

    Raises ProcessingFailed `file_unreadable` for what is no XML or declares entities.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise ProcessingFailed("file_unreadable", "the SVG picture is damaged") from error
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise ProcessingFailed("file_unreadable", "the SVG picture declares XML entities")
    texts = (
        " ".join("".join(element.itertext()).split())
        for element in root.iter(etree.Element)
        if etree.QName(element).localname in TEXT_TAGS
    )
    return "\n".join(filter(None, texts))
