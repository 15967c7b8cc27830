"""The text seen in a picture, by RapidOCR with the models in its wheel: Latin and Chinese."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from itertools import pairwise

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before onnxruntime is imported, or it looks up a host

import numpy as np
import numpy.typing as npt
from PIL import Image
from rapidocr import RapidOCR
from rapidocr.utils.output import RapidOCROutput

MODEL = f"rapidocr-{version('rapidocr')}"
LONGEST_SIDE = 1600
"""Pixels: more takes longer and more memory, and reads no better."""
LEAST_SIDE = 8
"""No letter fits in less, and RapidOCR would blow up a line of pixels to a wall."""
TALL, TALL_WIDTH, MOST_STRIPS = 2.5, 1200, 20
"""A picture so many times higher than wide is made this wide and read in parts."""

Pixels = npt.NDArray[np.uint8]
"""Shape: height, width, 3."""


@cache
def engine(threads: int) -> RapidOCR:
    """The models, loaded with the first picture (2 s, 500 MB)."""
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of text and where it stands, in pixels from the top left corner."""

    text: str
    left: float
    top: float
    bottom: float


def seen_text(picture: Image.Image, threads: int) -> str:
    """The lines of text in an RGB picture, from top to bottom; '' if none is seen."""
    picture = fitted(picture)
    if min(picture.size) < LEAST_SIDE:
        return ""
    pixels = np.asarray(picture)[:, :, ::-1]  # OpenCV's order: blue first
    return "\n".join(line for strip in strips(pixels) for line in seen_lines(strip, threads))


def fitted(picture: Image.Image) -> Image.Image:
    """The picture at a size that is read well: a screenshot of a long chat stays long."""
    is_tall = picture.height > TALL * picture.width
    width, height = (TALL_WIDTH, MOST_STRIPS * LONGEST_SIDE) if is_tall else (LONGEST_SIDE,) * 2
    picture.thumbnail((width, height))
    return picture


def strips(pixels: Pixels) -> Iterator[Pixels]:
    """The parts of a tall picture, cut where a row is calmest, so through no line of text."""
    top = 0
    if len(pixels) > LONGEST_SIDE:
        rows = pixels[:, :, 1].astype(np.int16)
        unrest = np.abs(np.diff(rows, axis=1)).sum(axis=1)
        while len(pixels) - top > LONGEST_SIDE:
            middle = top + LONGEST_SIDE // 2
            bottom = middle + int(unrest[middle : top + LONGEST_SIDE].argmin())
            yield pixels[top:bottom]
            top = bottom
    yield pixels[top:]


def seen_lines(pixels: Pixels, threads: int) -> list[str]:
    """The lines of text in one part of a picture."""
    result = engine(threads)(pixels)
    if not isinstance(result, RapidOCROutput) or result.boxes is None or not result.txts:
        return []  # the other types are answers of single steps, which were not asked for
    return in_reading_order(
        [
            Word(text, box[:, 0].min(), box[:, 1].min(), box[:, 1].max())
            for text, box in zip(result.txts, np.asarray(result.boxes), strict=True)
            if text.strip()
        ]
    )


def in_reading_order(words: list[Word]) -> list[str]:
    """Words whose middle lies within the height of the one before are on its line."""
    if not words:
        return []
    words = sorted(words, key=lambda word: word.top)
    lines: list[list[Word]] = [words[:1]]
    for above, word in pairwise(words):
        middle = (word.top + word.bottom) / 2
        if above.top <= middle <= above.bottom:
            lines[-1].append(word)
        else:
            lines.append([word])
    ordered = (sorted(line, key=lambda word: word.left) for line in lines)
    return [" ".join(word.text.strip() for word in line) for line in ordered]
