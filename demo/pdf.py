"""A very small PDF writer: pages of selectable text, and pages that are one picture."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

A4 = (595, 842)
LEFT, TOP = 64, 780


@dataclass(frozen=True, slots=True)
class TextPage:
    """Lines of text; one that starts with `# ` is a heading. Long lines are wrapped."""

    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class PicturePage:
    """A page as a scanner leaves it: one RGB JPEG over the whole sheet, and no text."""

    jpeg: bytes
    width: int
    height: int


def write_pdf(title: str, pages: Sequence[TextPage | PicturePage]) -> bytes:
    """A PDF 1.4 file with Helvetica in WinAnsi encoding, so text is what cp1252 can say."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",  # the page tree, known once the pages are
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Title (" + _escape(title) + b") /Producer (Backscroll sample chat) >>",
    ]
    kids = []
    for page in pages:
        content, resources = _render(page, objects)
        objects.append(_stream(b"", content))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Resources << %s >>"
            b" /Contents %d 0 R >>" % (*A4, resources, len(objects))
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    return assemble(objects, b"/Info 4 0 R")


def assemble(objects: Sequence[bytes], trailer: bytes) -> bytes:
    """The file of `objects`, numbered from 1 with the catalogue first."""
    file = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        file += b"%010d 00000 n \n" % offset
    file += b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (len(objects) + 1, trailer)
    file += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(file)


def _render(page: TextPage | PicturePage, objects: list[bytes]) -> tuple[bytes, bytes]:
    if isinstance(page, TextPage):
        return _text(page.lines), b"/Font << /F1 3 0 R >>"
    picture = (
        b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB"
        b" /BitsPerComponent 8 /Filter /DCTDecode " % (page.width, page.height)
    )
    objects.append(_stream(picture, page.jpeg))
    return b"q %d 0 0 %d 0 0 cm /Im1 Do Q" % A4, b"/XObject << /Im1 %d 0 R >>" % len(objects)


def _text(lines: Sequence[str]) -> bytes:
    drawn = [b"BT %d %d Td" % (LEFT, TOP)]
    for line in lines:
        size, text = (17, line[2:]) if line.startswith("# ") else (11, line)
        for part in textwrap.wrap(text, 52 if size == 17 else 84) or [""]:
            drawn.append(b"/F1 %d Tf 0 -%d Td (%s) Tj" % (size, round(size * 1.5), _escape(part)))
    drawn.append(b"ET")
    return b"\n".join(drawn)


def _escape(text: str) -> bytes:
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return escaped.encode("cp1252")


def _stream(entries: bytes, content: bytes) -> bytes:
    return b"<< %s/Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)
