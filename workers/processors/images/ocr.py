"""The text seen in a picture, by RapidOCR with the models in its wheel: Latin and Chinese."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from itertools import pairwise
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before onnxruntime is imported, or it looks up a host

import cv2
import numpy as np
import numpy.typing as npt
from onnxruntime import SessionOptions
from PIL import Image
from rapidocr import RapidOCR
from rapidocr.ch_ppocr_det import TextDetOutput
from rapidocr.inference_engine.onnxruntime import OrtInferSession

from workers.processors.text import tidy
from workers.sandbox_child import release_memory

MODEL = f"rapidocr-{version('rapidocr')}"
LEAST_SIDE = 8
"""No letter fits in less."""
DETECTED_PIXELS = 900_000
"""Lines of text are looked for in a picture of so many, which takes 200 MB, and read at full size.
RapidOCR by itself takes a gigabyte for a dense page, and blows up a low picture to a wall."""
LONGEST_LINE = 100
"""Times its height: memory grows with it."""
LEAST_SCORE = 0.5
"""RapidOCR's own."""

Boxes = npt.NDArray[np.float32]
"""Shape: boxes, 4 corners, x and y."""
Pixels = npt.NDArray[np.uint8]
"""Shape: height, width, 3."""


@cache
def engine(threads: int) -> RapidOCR:
    """The models, loaded with the first picture (2 s, 120 MB)."""
    # there is no setting for it
    setattr(OrtInferSession, "_init_sess_opts", staticmethod(_options))  # noqa: B010
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Det.limit_type": "max",
            "Det.limit_side_len": 2**15,  # the size is seen to here
            "Cls.cls_batch_num": 1,
            "Rec.rec_batch_num": 1,
        }
    )


_usual_options = OrtInferSession._init_sess_opts


def _options(settings: dict[str, Any]) -> SessionOptions:
    """Without a plan of the memory for each width that a line of text may have: these plans made
    150 MB of difference, and none in time."""
    options = _usual_options(settings)
    options.enable_mem_pattern = False
    return options


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of text and where it stands, in pixels from the top left corner."""

    text: str
    left: float
    top: float
    bottom: float


def seen_text(parts: Iterable[str], threads: int) -> str:
    """The lines of text in the parts of a picture; '' if none is seen."""
    return tidy("\n".join(line for part in parts for line in seen_lines(part, threads)))


def seen_lines(path: str, threads: int) -> list[str]:
    """The lines of text in an RGB picture of at most 1600 pixels a side."""
    with Image.open(path, formats=("JPEG",)) as picture:
        if min(picture.size) < LEAST_SIDE:
            return []
        pixels = np.asarray(picture)[:, :, ::-1]  # OpenCV's order: blue first
    boxes = boxes_of_lines(pixels, threads)
    if not len(boxes):
        return []
    release_memory()  # what looking for lines took, before reading them takes as much again
    reader = engine(threads)
    upright, _ = reader.cls_and_rotate(
        [short_enough(crop) for crop in reader.crop_text_regions(pixels, boxes)]
    )
    read = reader.recognize_txt(upright)
    return in_reading_order(
        [
            Word(text, box[:, 0].min(), box[:, 1].min(), box[:, 1].max())
            for text, score, box in zip(read.txts or (), read.scores or (), boxes, strict=True)
            if text.strip() and score >= LEAST_SCORE
        ]
    )


def boxes_of_lines(pixels: Pixels, threads: int) -> Boxes:
    """The corners of each piece of text, in pixels."""
    height, width = pixels.shape[:2]
    scale = min(1.0, (DETECTED_PIXELS / (width * height)) ** 0.5)
    scaled = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    found = engine(threads)(scaled, use_det=True, use_cls=False, use_rec=False)
    if not isinstance(found, TextDetOutput) or found.boxes is None:
        return np.zeros((0, 4, 2), np.float32)
    ratio = np.array([width / scaled.shape[1], height / scaled.shape[0]], np.float32)
    return np.asarray(found.boxes, np.float32) * ratio


def short_enough(crop: Pixels) -> Pixels:
    """A line of text that is not too long for its height, squeezed if need be."""
    height, width = crop.shape[:2]
    longest = max(height * LONGEST_LINE, LEAST_SIDE)
    if width <= longest:
        return crop
    return np.asarray(cv2.resize(crop, (longest, height)), np.uint8)


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
