"""Broken and hostile files: each small on disk, each a trap that a real chat has held."""

from __future__ import annotations

import json
import struct
import zlib

from demo.archive import pack_repeated
from demo.documents import docx, docx_body, docx_frame, xlsx_from_rows
from demo.occasion import Occasion
from demo.pdf import assemble
from demo.pictures import barn, png

MEGABYTE = 1 << 20


def empty_file(at: Occasion) -> bytes:
    """What a download leaves that broke before its first byte."""
    return b""


def truncated_png(at: Occasion) -> bytes:
    """A picture of which only the first third arrived."""
    whole = png(barn(at.chance))
    return whole[: len(whole) // 3]


def truncated_docx(at: Occasion) -> bytes:
    """A zip without its end, where the list of members stands."""
    whole = docx(["# Minutes", "Nobody will ever know what we decided here."])
    return whole[: len(whole) // 2]


def zip_bomb_docx(at: Occasion) -> bytes:
    """A Word document of some 370 KB that unpacks to 360 MB."""
    start, end = docx_body(["@"]).split("@")
    block = b"ahoy" * (MEGABYTE // 4)
    frame = docx_frame(None) | {"word/notes.xml": start + end}
    return pack_repeated(frame, "word/document.xml", block, 360)


def encrypted_pdf(at: Occasion) -> bytes:
    """A PDF that asks for a password nobody remembers (standard handler, 40 bit)."""
    owner, user = at.chance.randbytes(32), at.chance.randbytes(32)
    text = at.chance.randbytes(96)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Filter /Standard /V 1 /R 2 /P -44 /O <%s> /U <%s> >>"
        % (owner.hex().encode(), user.hex().encode()),
    ]
    name = at.chance.randbytes(16).hex().encode()
    return assemble(objects, b"/Encrypt 5 0 R /ID [<%s> <%s>]" % (name, name))


def huge_png(at: Occasion) -> bytes:
    """A PNG of about 50 KB that is 400 megapixels when opened."""
    side = 20_000
    row = bytes(side // 8 + 1)
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(row * 100) for _ in range(side // 100)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def far_cell_xlsx(at: Occasion) -> bytes:
    """A workbook with two cells, the second in the last row and column there can be."""
    return xlsx_from_rows(
        {
            "Stores": '<row r="1"><c r="A1"><v>1</v></c></row>'
            '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
        }
    )


def deep_json(at: Occasion) -> bytes:
    """Valid JSON, nested deeper than any parser likes."""
    depth = 20_000
    return b"[" * depth + json.dumps("the bilge").encode() + b"]" * depth


def playlist_named_mp4(at: Occasion) -> bytes:
    """A text that makes a careless video reader open other files."""
    return b"ffconcat version 1.0\nfile /etc/passwd\nduration 1\n"


def webpage_named_jpg(at: Occasion) -> bytes:
    """What a link gives when it has expired: a web page, saved as the picture it was not."""
    return b"<!doctype html><html><head><title>403</title></head><body>URL expired</body></html>"


def text_named_pdf(at: Occasion) -> bytes:
    """Plain text that somebody renamed, sure that this converts it."""
    return (
        f"Spare key, {at.day}\n\n"
        "The shed key hangs behind the portrait of Admiral Codfish.\n"
        "I renamed this file to pdf so that the printer takes it. It did not.\n"
    ).encode()


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)
