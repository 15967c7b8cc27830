"""Charts as SVG: bars beside their labels, on a light or a dark page."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from bench.figures import number

_ROW, _LABELS, _BARS, _NUMBERS = 30, 270, 340, 110
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2933 }
  .title { font-weight: 600; font-size: 14px }
  .bar { fill: #8796a5 } .ours { fill: #1f7a6d }
  @media (prefers-color-scheme: dark) {
    text { fill: #e4e7eb } .bar { fill: #7b8794 } .ours { fill: #4fb3a3 }
  }
"""


def draw(title: str, unit: str, values: Mapping[str, float]) -> str:
    """A chart; bars of Backscroll have the colour of their own."""
    most = max(values.values(), default=0) or 1
    width, height = _LABELS + _BARS + _NUMBERS, 40 + _ROW * len(values)
    rows = "".join(
        _row(40 + _ROW * place, label, value, value / most, unit)
        for place, (label, value) in enumerate(values.items())
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}" role="img">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n"
        f'<text class="title" x="8" y="22">{escape(title)}</text>\n{rows}</svg>\n'
    )


def _row(top: int, label: str, value: float, share: float, unit: str) -> str:
    kind = "bar ours" if "Backscroll" in label else "bar"
    length = max(1.0, share * _BARS)
    return (
        f'<text x="{_LABELS - 8}" y="{top + 16}" text-anchor="end">{escape(label)}</text>\n'
        f'<rect class="{kind}" x="{_LABELS}" y="{top + 3}" width="{length:.1f}" height="18" />\n'
        f'<text x="{_LABELS + length + 6:.1f}" y="{top + 16}">'
        f"{number(value)} {escape(unit)}</text>\n"
    )
