"""Makes small files of every kind, and the hostile ones, with as little machinery as they need."""

import io
import struct
import zipfile
import zlib

from PIL import Image, ImageDraw, ImageFont

OOXML = "http://schemas.openxmlformats.org"
RELATIONSHIPS = f"{OOXML}/officeDocument/2006/relationships"
ODF = "urn:oasis:names:tc:opendocument:xmlns"


def zipped(members):
    """A zip file of `{name: text or bytes}`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def package(part, content_type, content, more=None):
    """An OOXML package whose main part is `part`."""
    return zipped(
        {
            "[Content_Types].xml": f"""<Types xmlns="{OOXML}/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/{part}" ContentType="{content_type}"/></Types>""",
            "_rels/.rels": f"""<Relationships xmlns="{OOXML}/package/2006/relationships">
<Relationship Id="r1" Type="{RELATIONSHIPS}/officeDocument" Target="{part}"/></Relationships>""",
            part: content,
        }
        | (more or {})
    )


def docx(body, *, before=""):
    """A Word document; `body` is WordprocessingML."""
    return package(
        "word/document.xml",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        f"""{before}<w:document xmlns:w="{OOXML}/wordprocessingml/2006/main">
<w:body>{body}</w:body></w:document>""",
    )


def word_paragraph(text, style=None):
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}<w:r><w:t>{text}</w:t></w:r></w:p>"


def word_table(rows):
    body = ""
    for row in rows:
        cells = "".join(f"<w:tc>{word_paragraph(cell)}</w:tc>" for cell in row)
        body += f"<w:tr>{cells}</w:tr>"
    return f"<w:tbl>{body}</w:tbl>"


def xlsx(sheets, *, quote='"'):
    """A workbook; `sheets` is `{name: {reference: value}}`."""
    more, entries, relationships = {}, "", ""
    for number, (name, cells) in enumerate(sheets.items(), start=1):
        entries += f'<sheet name="{name}" sheetId="{number}" r:id="r{number}"/>'
        relationships += (
            f'<Relationship Id="r{number}" Type="{RELATIONSHIPS}/worksheet" '
            f'Target="worksheets/sheet{number}.xml"/>'
        )
        rows = ""
        for reference, value in cells.items():
            row = reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            if value is None:
                cell = f'<c r="{reference}" s="0"/>'
            elif isinstance(value, str):
                cell = f'<c r="{reference}" t="inlineStr"><is><t>{value}</t></is></c>'
            else:
                cell = f'<c r="{reference}"><v>{value}</v></c>'
            rows += f'<row r="{row}">{cell}</row>'
        more[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{OOXML}/spreadsheetml/2006/main">'
            f'<dimension ref="A1"/><sheetData>{rows}</sheetData></worksheet>'
        ).replace('"', quote)
    more["xl/_rels/workbook.xml.rels"] = (
        f'<Relationships xmlns="{OOXML}/package/2006/relationships">{relationships}</Relationships>'
    )
    return package(
        "xl/workbook.xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        f'<workbook xmlns="{OOXML}/spreadsheetml/2006/main" xmlns:r="{RELATIONSHIPS}">'
        f"<sheets>{entries}</sheets></workbook>",
        more,
    )


def pptx(text, notes, table):
    """A presentation of one slide with a grouped text box, a table and notes."""
    from pptx import Presentation

    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, 914400, 914400).text_frame.text = text
    grid = slide.shapes.add_table(len(table), len(table[0]), 0, 0, 914400, 914400).table
    for row, cells in enumerate(table):
        for column, cell in enumerate(cells):
            grid.cell(row, column).text = cell
    slide.notes_slide.notes_text_frame.text = notes
    buffer = io.BytesIO()
    presentation.save(buffer)
    return buffer.getvalue()


def open_document(kind, body, *, before="", manifest=""):
    """An OpenDocument file; `kind` is text, presentation or spreadsheet."""
    return zipped(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "META-INF/manifest.xml": f'<m:manifest xmlns:m="{ODF}:manifest:1.0">{manifest}'
            "</m:manifest>",
            "content.xml": f"""<?xml version="1.0"?>{before}
<office:document-content xmlns:office="{ODF}:office:1.0" xmlns:text="{ODF}:text:1.0"
 xmlns:table="{ODF}:table:1.0" xmlns:draw="{ODF}:drawing:1.0"
 xmlns:presentation="{ODF}:presentation:1.0" office:version="1.2">
<office:body><office:{kind}>{body}</office:{kind}></office:body>
</office:document-content>""",
        }
    )


def compound_file(streams):
    """An OLE compound file of `{name: bytes}`; [MS-CFB] with sectors of 512 bytes."""
    size, free, end = 512, 0xFFFFFFFF, 0xFFFFFFFE
    entries = [("Root Entry", 5, free, 1, end, 0)]
    sectors, table = [], []
    for number, (name, content) in enumerate(streams.items(), start=1):
        # at least 4096 bytes: shorter streams stand in a mini stream
        count, first = max(8, -(-len(content) // size)), len(sectors)
        padded = content.ljust(count * size, b"\0")
        sectors += [padded[start : start + size] for start in range(0, len(padded), size)]
        table += [*range(first + 1, first + count), end]
        right = number + 1 if number < len(streams) else free
        entries.append((name, 2, right, free, first, count * size))
    directory = b""
    for name, kind, right, child, start, length in entries:
        encoded = name.encode("utf-16-le")
        directory += struct.pack(
            "<64sHBBIII36xIQ", encoded, len(encoded) + 2, kind, 1, free, right, child, start, length
        )
    directory = directory.ljust(-(-len(directory) // size) * size, b"\0")
    directory_at, count = len(sectors), len(directory) // size
    sectors += [directory[start : start + size] for start in range(0, len(directory), size)]
    table += [*range(directory_at + 1, directory_at + count), end]
    table_at = len(sectors)
    table += [0xFFFFFFFD]
    sectors.append(struct.pack("<128I", *table, *[free] * (128 - len(table))))
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, directory_at, 0, 4096,
                          end, 0, end, 0, table_at)  # fmt: skip
    return header.ljust(size, b"\xff") + b"".join(sectors)


def xls(rows):
    """A workbook in BIFF8 with one sheet named Old; values are texts (Latin-1) and numbers."""

    def record(number, data=b""):
        return struct.pack("<HH", number, len(data)) + data

    def begin(kind):
        return record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 0x7CC, 0, 0))

    sheet = begin(0x10)
    for row, cells in enumerate(rows):
        for column, value in enumerate(cells):
            if isinstance(value, str):
                text = struct.pack("<HB", len(value), 0) + value.encode("latin-1")
                sheet += record(0x204, struct.pack("<HHH", row, column, 0) + text)
            else:
                sheet += record(0x203, struct.pack("<HHHd", row, column, 0, value))
    sheet += record(0x0A)
    name = b"\x03\x00Old"
    length = len(begin(5)) + 4 + 6 + len(name) + 4
    workbook = begin(5) + record(0x85, struct.pack("<IBB", length, 0, 0) + name) + record(0x0A)
    return compound_file({"Workbook": workbook + sheet})


def pdf(*pages, size=(595, 842), trailer=""):
    """A pdf with a line of text on each page; `trailer` is added to its last dictionary."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(pages):
        stream = f"BT /F1 24 Tf 50 {size[1] // 2} Td ({text}) Tj ET" if text else ""
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {size[0]} {size[1]}] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * number} 0 R >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        ]
    output = "%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(output))
        output += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    return (
        f"{output}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\n"
        f"startxref\n{len(output)}\n%%EOF\n"
    ).encode("latin-1")


def pdf_bomb():
    """A pdf of a few kilobytes whose page inflates to a gigabyte."""
    squeeze = zlib.compressobj(9)
    blanks = bytes(10_000_000)
    once = b"".join(squeeze.compress(blanks) for _ in range(100)) + squeeze.flush()
    twice = zlib.compress(once, 9)
    begin, _, rest = pdf("x").partition(b"<< /Length")
    _, _, end = rest.partition(b"endstream")
    filters = f"<< /Length {len(twice)} /Filter [/FlateDecode /FlateDecode] >>\nstream\n"
    return begin + filters.encode() + twice + b"\nendstream" + end


def encrypted_pdf():
    """A pdf that no password opens, the empty one included."""
    rubbish = "00" * 32
    return pdf(
        "secret",
        trailer=f"/ID [<{'11' * 16}> <{'11' * 16}>] "
        f"/Encrypt << /Filter /Standard /V 1 /R 2 /O <{rubbish}> /U <{rubbish}> /P -4 >>",
    )


def picture(*lines, size=(640, 200), mode="RGB", ink="black", ground="white"):
    """A Pillow image with lines of text."""
    image = Image.new(mode, size, ground)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=36)
    for number, line in enumerate(lines):
        draw.text((30, 30 + number * 60), line, fill=ink, font=font)
    return image


def encoded(image, kind, **options):
    """The bytes of a Pillow image in the format `kind`."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def mixed_pdf(text, seen):
    """A pdf whose first page has text and whose second is a scan of `seen`."""
    import pypdfium2

    merged = pypdfium2.PdfDocument.new()
    scan = encoded(picture(seen, size=(1200, 600)), "PDF", resolution=100)
    sources = [pypdfium2.PdfDocument(content) for content in (pdf(text), scan)]
    for source in sources:
        merged.import_pages(source)
    buffer = io.BytesIO()
    merged.save(buffer)
    for document in (merged, *sources):
        document.close()
    return buffer.getvalue()
