"""Tables as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def table_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a Markdown table whose first row is the head; rows without text are left out."""
    is_head = True
    for row in rows:
        cells = [escaped(cell) for cell in row]
        if not any(cells):
            continue
        while cells and not cells[-1] and not is_head:
            cells.pop()
        yield f"| {' | '.join(cells)} |"
        if is_head:
            yield f"|{' --- |' * len(cells)}"
            is_head = False


def table(rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; '' if no row has text."""
    return "\n".join(table_lines(rows))


def escaped(cell: str) -> str:
    """The text of a cell on one line, with no bar that would end the cell."""
    return " ".join(cell.split()).replace("|", "\\|")
