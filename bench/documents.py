"""The documents that readers are measured on, made here, and what their text must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from demo.documents import docx, pptx, rtf, xlsx
from demo.pdf import TextPage, write_pdf

LINES_A_PAGE = 40
CYRILLIC = "Дорогие друзья, встречаемся в субботу на пристани возле маяка. "
JAPANESE = "土曜日に古い桟橋で会いましょう。荷物は少なめにしてください。"


@dataclass(frozen=True, slots=True)
class Sample:
    """A file, and words from its beginning, its middle and its end."""

    path: Path
    mime_type: str
    words: tuple[str, ...]
    pages: int = 1

    def is_in(self, text: str) -> bool:
        return all(word in text for word in self.words)


def letter(title: str, pages: int) -> bytes:
    """A pdf of so many pages of text."""
    return write_pdf(
        title,
        [
            TextPage([f"# {title}, page {page}", *_lines(page, LINES_A_PAGE)])
            for page in range(1, pages + 1)
        ],
    )


def write_samples(folder: Path, scale: float = 1.0) -> list[Sample]:
    """All of them, in a new folder. `scale` makes the large ones smaller."""
    folder.mkdir()
    return list(_samples(folder, lambda count: max(2, round(count * scale))))


def _samples(folder: Path, sized: Callable[[int], int]) -> Iterator[Sample]:
    def write(name: str, content: bytes, mime: str, *words: str, pages: int = 1) -> Sample:
        path = folder / name
        path.write_bytes(content)
        return Sample(path, mime, words, pages)

    office = "application/vnd.openxmlformats-officedocument"
    pages, rows, slides = sized(120), sized(20_000), sized(40)
    yield write(
        "book.pdf", letter("A book", pages), "application/pdf",
        "page 1", f"p{pages}line{LINES_A_PAGE - 1}", pages=pages,
    )  # fmt: skip
    for n in range(1, 11):
        yield write(
            f"letter-{n}.pdf", letter(f"Letter {n}", 3), "application/pdf",
            f"Letter {n}", "p3line39", pages=3,
        )  # fmt: skip
    yield write(
        "minutes.docx", docx(_lines(1, sized(2000))), f"{office}.wordprocessingml.document",
        "p1line0", f"p1line{sized(2000) - 1}",
    )  # fmt: skip
    yield write(
        "ledger.xlsx",
        xlsx({"ledger": [[f"row{n}", n, n * 2, "paid in full"] for n in range(rows)]}),
        f"{office}.spreadsheetml.sheet",
        "row0", f"row{rows - 1}", "paid in full",
    )  # fmt: skip
    yield write(
        "pitch.pptx",
        pptx([(f"slide{n}", [f"point{n}"], f"notes{n}") for n in range(slides)]),
        f"{office}.presentationml.presentation",
        "slide0", f"point{slides - 1}", f"notes{slides - 1}", pages=slides,
    )  # fmt: skip
    yield write("old.rtf", rtf(_lines(1, 200)), "application/rtf", "p1line0", "p1line199")
    yield write("russian.txt", (CYRILLIC * 40).encode("cp1251"), "text/plain", CYRILLIC.strip())
    yield write("japanese.txt", (JAPANESE * 40).encode("shift_jis"), "text/plain", JAPANESE)
    yield write("wide.txt", (CYRILLIC * 40).encode("utf-16"), "text/plain", CYRILLIC.strip())
    html = "".join(f"<h2>part{n}</h2><p>p{n}line0 of <b>some</b> words</p>" for n in range(500))
    yield write(
        "page.html", f"<html><body>{html}</body></html>".encode(), "text/html", "part0", "part499"
    )


def _lines(page: int, count: int) -> list[str]:
    return [
        f"p{page}line{n} of what was said at the harbour about boats, ropes and the weather"
        for n in range(count)
    ]
