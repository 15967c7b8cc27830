# ruff: noqa: RUF001 (other scripts are the point)
"""What each kind of document gives as text."""

import pytest

from tests.workers.processors import files
from workers.processors.limits import MEGABYTE


def test_pdf_gives_a_text_for_each_page(read):
    assert read(files.pdf("First page", "", "Third page")) == "First page\f\fThird page"


def test_docx_gives_headings_paragraphs_and_tables_as_markdown(read):
    body = (
        files.word_paragraph("Offer", style="Heading1")
        + files.word_paragraph("Größe &amp; 価格")
        + files.word_table([["Item", "Price"], ["Tea", "3 | 4"]])
    )

    assert read(files.docx(body)) == (
        "# Offer\n\nGröße & 価格\n\n| Item | Price |\n| --- | --- |\n| Tea | 3 \\| 4 |"
    )


def test_xlsx_gives_each_sheet_as_a_table(read):
    workbook = files.xlsx(
        {"Prices": {"A1": "Item", "B1": "Price", "A2": "Tea|black", "B2": 3.5, "B3": 12.0},
         "Blank": {}, "More": {"C5": "far"}}
    )  # fmt: skip

    assert read(workbook) == (
        "## Prices\n\n| Item | Price |\n| --- | --- |\n| Tea\\|black | 3.5 |\n|  | 12 |\n\n"
        "## More\n\n| far |\n| --- |"
    )


def test_xls_of_old_excel_gives_its_values(read):
    assert read(files.xls([["Item", "Price"], ["Tea", 3.5]])) == (
        "## Old\n\n| Item | Price |\n| --- | --- |\n| Tea | 3.5 |"
    )


def test_ods_gives_its_values(read):
    def cell(text):
        return (
            f'<table:table-cell office:value-type="string"><text:p>{text}</text:p>'
            "</table:table-cell>"
        )

    body = (
        f'<table:table table:name="Costs"><table:table-row>{cell("Rent")}{cell("Ünit")}'
        "</table:table-row></table:table>"
    )

    assert read(files.open_document("spreadsheet", body)) == (
        "## Costs\n\n| Rent | Ünit |\n| --- | --- |"
    )


def test_pptx_gives_text_in_groups_tables_and_notes(read):
    presentation = files.pptx("Grouped words", "Say hello", [["a", "b"], ["c", "d"]])

    assert read(presentation) == (
        "## Slide 1\n\nGrouped words\n\n| a | b |\n| --- | --- |\n| c | d |\n\nNotes: Say hello"
    )


def test_odt_gives_headings_lists_tables_and_notes(read):
    body = (
        '<text:h text:outline-level="2">Title</text:h>'
        '<text:p>One<text:s text:c="2"/>two<text:tab/>three<text:line-break/>four '
        "<text:span>five</text:span> six</text:p>"
        "<text:list><text:list-item><text:p>apple</text:p></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>"
        "<table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table>"
        "<text:p>Seen<text:note><text:note-citation>1</text:note-citation><text:note-body>"
        "<text:p>by me</text:p></text:note-body></text:note></text:p>"
    )

    assert read(files.open_document("text", body)) == (
        "## Title\n\nOne  two\tthree\nfour five six\n\n- apple\n\n"
        "| a | b |\n| --- | --- |\n\nSeen [by me]"
    )


def test_odp_gives_slides_and_notes(read):
    body = (
        "<draw:page><draw:frame><draw:text-box><text:p>On the slide</text:p></draw:text-box>"
        "</draw:frame><presentation:notes><draw:frame><draw:text-box><text:p>Spoken</text:p>"
        "</draw:text-box></draw:frame></presentation:notes></draw:page>"
    )

    assert read(files.open_document("presentation", body)) == "On the slide\n\nNotes: Spoken"


def test_rtf_gives_text_in_the_code_page_that_it_names(read):
    source = (
        rb"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0 Arial;}}\f0 \'cf\'f0\'e8\'e2\'e5\'f2\par \u8364?5}"
    )

    assert read(source) == "Привет\n€5"


def test_html_gives_markdown_without_scripts_styles_and_pictures_bytes(read):
    page = """<!DOCTYPE html><html><head><title>News</title><style>p {color: red}</style></head>
<body><script>alert("no")</script><h1>Today</h1><p>See <a href="https://example.org/a">this</a>
and <a href="data:text/plain;base64,AAAA">that</a>.</p>
<img alt="a cat" src="data:image/png;base64,AAAA"><p>snake_case</p>
<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table></body></html>"""

    text = read(page)

    assert text.startswith("News\n\n# Today\n\nSee [this](https://example.org/a)\nand that.")
    assert "a cat" in text
    assert "snake_case" in text
    assert "| 1 | 2 |" in text
    for absent in ("alert", "color", "base64"):
        assert absent not in text


def test_a_large_html_page_gives_its_text_alone(read):
    page = f"<html><script>no</script><!-- no --><p>Hello <b>you</b></p>{' ' * 3 * MEGABYTE}</html>"

    assert read(page) == "Hello\nyou"


def test_html_is_read_in_the_encoding_that_it_declares(read):
    page = '<html><meta charset="windows-1251"><body><p>Привет</p></body></html>'

    assert read(page.encode("cp1251")) == "Привет"


@pytest.mark.parametrize(
    "content",
    [
        "name,age\nAda,36\n",
        "name\tage\nAda\t36",
        '{"a": [1, 2]}',
        '<?xml version="1.0"?><a><b>text</b></a>',
        "# Title\n\n* point",
        "2024-01-01 12:00:00 INFO started\n",
        "BMW is a car, MZ was a motorbike",
    ],
    ids=["csv", "tsv", "json", "xml", "markdown", "log", "text like a bitmap"],
)
def test_plain_text_is_kept_as_it_is_written(read, content):
    assert read(content) == content.strip()


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Grüße aus Zürich", "utf-8"),
        ("Grüße", "utf-8-sig"),
        ("Grüße, Καλημέρα", "utf-16"),
        ("plain words, no mark", "utf-16-le"),
        ("plain words, no mark", "utf-16-be"),
        ("Grüße", "utf-32"),
        ("Привет, это договор об аренде квартиры.", "cp1251"),
        ("Ответ: да; нет\nстрока;1;2", "cp1251"),
        ("Общая сумма: 1500 рублей; оплата до пятницы", "koi8-r"),
        ("これは請求書です。合計金額は五千円です。", "shift_jis"),
        ("名前,金額\n田中,100", "shift_jis"),
        ("请查收附件中的发票，谢谢", "gbk"),
        ("São Paulo, não há informação; custo", "cp1252"),
        ("naïve café", "latin-1"),
        ("テスト abc", "shift_jis"),
    ],
)
def test_text_is_read_in_the_encoding_it_was_written_in(read, text, encoding):
    assert read(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (("Grüße ü ñ " * 30).encode() + b"\xff end", "Grüße ü ñ " * 30 + "\ufffd end"),
        (
            b"hello world this is a long text. " * 50 + b"\x00",
            "hello world this is a long text. " * 50,
        ),
        (b"a\x01b", "ab"),
        ("Größe und Grüße ".encode("cp1252") * 20 + b"\x00", "Größe und Grüße " * 20),
        (b"plain words " * 90 + bytes(range(0x80, 0xFF, 2)) + b" end", None),
    ],
    ids=["one invalid byte", "one NUL", "short", "older encoding", "many kinds of bytes"],
)
@pytest.mark.parametrize("mime_type", ["text/plain", "Text/CSV; header=present"])
def test_a_declared_text_with_a_few_damaged_bytes_is_read(read, content, text, mime_type):
    found = read(content, mime_type)

    assert found.rstrip() == text.rstrip() if text else found.endswith(" end")


@pytest.mark.parametrize(
    ("text", "encoding", "mime_type"),
    [
        ("São 5 €", "cp1252", "text/plain; charset=windows-1252"),
        ("ação", "latin-1", "text/plain; charset=iso-8859-1"),
        ("да", "cp1251", 'text/plain; format=flowed; Charset="windows-1251"'),
        ("Łódź", "iso8859-2", "text/csv;charset=ISO-8859-2"),
        ("請求書", "euc_jp", "text/plain; charset=euc-jp"),
        ("plain", "utf-16-le", "text/plain; charset=utf-16le"),
    ],
)
def test_text_is_read_in_the_charset_that_the_mime_type_declares(read, text, encoding, mime_type):
    assert read(text.encode(encoding), mime_type) == text


@pytest.mark.parametrize(
    "charset", ["utf-8", "us-ascii", "idna", "rot13", "undefined", "no-such", ""]
)
def test_a_charset_that_cannot_be_right_is_passed_over(read, charset):
    assert read("Olá".encode("cp1252"), f"text/plain; charset={charset}") == "Olá"
    assert read("Olá".encode("utf-8-sig"), "text/plain; charset=windows-1252") == "Olá"


@pytest.mark.parametrize("text", ["Olá €", "ça va", "Müller", "Año 5", "déjà vu"])
@pytest.mark.parametrize("mime_type", [None, "text/plain"])
def test_a_short_text_of_unknown_encoding_is_taken_for_western(read, text, mime_type):
    assert read(text.encode("cp1252"), mime_type) == text


def test_a_byte_that_cp1252_leaves_undefined_damages_nothing(read):
    assert "\ufffd" not in read(b"Ol\xe1 \x80 \x81 end", "text/plain")


@pytest.mark.parametrize("mime_type", ["text/html; charset=windows-1252", "text/html"])
def test_a_short_page_is_read_in_the_charset_that_the_mime_type_declares(read, mime_type):
    assert read("<p>Olá €</p>".encode("cp1252"), mime_type) == "Olá €"


def test_escapes_in_json_are_read_as_the_characters_they_stand_for(read):
    document = (
        r'{"a": "Gr\u00fc\u00DFe \ud83d\ude00 \u043f", "b": "\\u00fc \u0022 \u005c \u0007 \ud83d",'
        '\n  "c":1.50}'
    )

    assert read(document, "application/json") == (
        r'{"a": "Grüße 😀 п", "b": "\\u00fc \" \\ \u0007 \ud83d",' '\n  "c":1.50}'
    )


@pytest.mark.parametrize("text", [r'{"a": "\u00fc"', r"the escape \u00fc", r'{"a": "\u00zz"}'])
def test_escapes_in_what_is_no_json_are_kept(read, text):
    assert read(text, "application/json") == text


def test_text_that_the_database_cannot_hold_is_left_out(read):
    assert read("a\r\nb\x00c".encode("utf-16")) == "a\nbc"


@pytest.mark.parametrize(
    "blank",
    [
        pytest.param(files.pdf(""), id="pdf"),
        pytest.param(files.docx(files.word_paragraph("")), id="docx"),
        pytest.param(files.xlsx({"Sheet": {}}), id="xlsx"),
        pytest.param(files.open_document("text", "<text:p/>"), id="odt"),
        pytest.param(b" \n\n ", id="txt"),
        pytest.param(b"<html><body></body></html>", id="html"),
    ],
)
def test_a_blank_document_is_read_as_no_text(read, blank):
    assert read(blank) == ""


def test_a_long_text_is_cut_and_says_so(read):
    assert read("word " * 10, characters=12) == (
        "word word wo\n[cut: only the first 12 characters are kept]"
    )


def test_the_content_decides_not_the_declared_type(read):
    assert read(files.pdf("Really a pdf"), "application/msword") == "Really a pdf"
    assert read("only text", "application/pdf") == "only text"


def test_a_fragment_declared_as_html_is_read_as_html(read):
    assert read("<p>One</p><p>two</p>", "text/html") == "One\n\ntwo"
    assert read("<p>One</p><p>two</p>", "text/plain") == "<p>One</p><p>two</p>"
