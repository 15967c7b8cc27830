"""Writes the office formats people send each other, each as small as it can be and still open."""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape

from pptx import Presentation

from demo.archive import pack, repack

type_of_part = "application/vnd.openxmlformats-officedocument"
relationships = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
package = "http://schemas.openxmlformats.org/package/2006"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

Cell = str | int | float
Table = Sequence[Sequence[Cell]]


def docx(lines: Sequence[str], table: Table = ()) -> bytes:
    """A Word document: paragraphs (`# ` makes a heading), then a table if there are rows."""
    return pack(docx_frame(docx_body(lines, table)))


def docx_frame(document: str | None) -> dict[str, str | bytes]:
    """The members of a Word document; with None the text is left for the caller to add."""
    main = f"{type_of_part}.wordprocessingml.document.main+xml"
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": _content_types({"/word/document.xml": main}),
        "_rels/.rels": _relations([("officeDocument", "word/document.xml")]),
    }
    if document is not None:
        members["word/document.xml"] = document
    return members


def docx_body(lines: Sequence[str], table: Table = ()) -> str:
    """The text of a Word document as WordprocessingML."""
    namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "".join(_docx_paragraph(line) for line in lines)
    if table:
        rows = "".join(
            "<w:tr>"
            + "".join(f"<w:tc>{_docx_paragraph(str(cell))}</w:tc>" for cell in row)
            + "</w:tr>"
            for row in table
        )
        body += f"<w:tbl>{rows}</w:tbl><w:p/>"
    return f'{XML}<w:document xmlns:w="{namespace}"><w:body>{body}</w:body></w:document>'


def xlsx(sheets: dict[str, Table]) -> bytes:
    """An Excel workbook; text stands in its cells, numbers stay numbers."""
    return xlsx_from_rows(
        {
            name: "".join(
                f'<row r="{number}">{"".join(_xlsx_cell(cell) for cell in row)}</row>'
                for number, row in enumerate(rows, start=1)
            )
            for name, rows in sheets.items()
        }
    )


def xlsx_from_rows(sheets: dict[str, str]) -> bytes:
    """An Excel workbook whose sheets are given as the XML of their rows."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    paths = {name: f"worksheets/sheet{i}.xml" for i, name in enumerate(sheets, start=1)}
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{i}" r:id="rId{i}"/>'
        for i, name in enumerate(sheets, start=1)
    )
    sheet_type = f"{type_of_part}.spreadsheetml.worksheet+xml"
    types = {"/xl/workbook.xml": f"{type_of_part}.spreadsheetml.sheet.main+xml"}
    types |= {f"/xl/{path}": sheet_type for path in paths.values()}
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": _content_types(types),
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'{XML}<workbook xmlns="{main}" xmlns:r="{relationships}">'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations([("worksheet", p) for p in paths.values()]),
    }
    for name, rows in sheets.items():
        members[f"xl/{paths[name]}"] = (
            f'{XML}<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>'
        )
    return pack(members)


def pptx(slides: Sequence[tuple[str, Sequence[str], str]]) -> bytes:
    """Slides, each a title, its points and the speaker's notes."""
    deck = Presentation()
    for title, points, notes in slides:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = "\n".join(points)
        slide.notes_slide.notes_text_frame.text = notes
    buffer = io.BytesIO()
    deck.save(buffer)
    return repack(buffer.getvalue())


def odt(lines: Sequence[str]) -> bytes:
    """An OpenDocument text; `# ` makes a heading."""
    office = "urn:oasis:names:tc:opendocument:xmlns"
    kind = "application/vnd.oasis.opendocument.text"
    body = "".join(
        f'<text:h text:outline-level="1">{escape(line[2:])}</text:h>'
        if line.startswith("# ")
        else f"<text:p>{escape(line)}</text:p>"
        for line in lines
    )
    return pack(
        {
            "mimetype": kind,
            "META-INF/manifest.xml": f"{XML}<manifest:manifest"
            f' xmlns:manifest="{office}:manifest:1.0" manifest:version="1.2">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
            '<manifest:file-entry manifest:full-path="content.xml"'
            ' manifest:media-type="text/xml"/></manifest:manifest>',
            "content.xml": f'{XML}<office:document-content xmlns:office="{office}:office:1.0"'
            f' xmlns:text="{office}:text:1.0" office:version="1.2"><office:body><office:text>'
            f"{body}</office:text></office:body></office:document-content>",
        },
        stored=frozenset({"mimetype"}),
    )


def rtf(lines: Sequence[str]) -> bytes:
    """Rich text; letters beyond ASCII are written as its `\\u` escapes."""
    paragraphs = []
    for line in lines:
        text = line.replace("\\", r"\\").replace("{", r"\{").replace("}", r"\}")
        text = "".join(c if c.isascii() else f"\\u{ord(c)}?" for c in text)
        paragraphs.append(f"{{\\b {text[2:]}}}" if text.startswith("# ") else text)
    body = "\\par\n".join(paragraphs)
    head = "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0 Helvetica;}}\\f0\\fs22\n"
    return (head + body + "\\par\n}").encode("ascii")


def _docx_paragraph(line: str) -> str:
    style, text = "", line
    if line.startswith("# "):
        style, text = '<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>', line[2:]
    return f'<w:p>{style}<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'


def _xlsx_cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
    return f"<c><v>{cell}</v></c>"


def _content_types(parts: dict[str, str]) -> str:
    overrides = "".join(
        f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in parts.items()
    )
    return (
        f'{XML}<Types xmlns="{package}/content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    entries = "".join(
        f'<Relationship Id="rId{i}" Type="{relationships}/{kind}" Target="{target}"/>'
        for i, (kind, target) in enumerate(targets, start=1)
    )
    return f'{XML}<Relationships xmlns="{package}/relationships">{entries}</Relationships>'
