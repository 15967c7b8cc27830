"""Draws pictures as phones take them: paper, signs, screens and labels, and views without words.

Everything is about 800 pixels wide, so that reading one takes well under a second.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from random import Random

from PIL import Image, ImageDraw, ImageFilter, ImageFont
from PIL.Image import Resampling, Transpose

Colour = tuple[int, int, int]
Point = tuple[float, float]
Drawing = ImageDraw.ImageDraw

INK: Colour = (38, 38, 46)
PAPER: Colour = (250, 248, 240)
WOOD: Colour = (150, 112, 78)
NAVY: Colour = (24, 52, 92)
ORIENTATION = 0x0112


def jpeg(picture: Image.Image, quality: int = 78) -> bytes:
    """The picture as a JPEG file."""
    return _saved(picture.convert("RGB"), "JPEG", quality=quality)


def jpeg_on_its_side(picture: Image.Image) -> bytes:
    """A JPEG stored lying down, with the EXIF mark by which viewers set it upright."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    lying = picture.convert("RGB").transpose(Transpose.ROTATE_90)
    return _saved(lying, "JPEG", quality=78, exif=exif)


def png(picture: Image.Image) -> bytes:
    """The picture as a PNG file."""
    return _saved(picture, "PNG", optimize=True)


def webp(picture: Image.Image) -> bytes:
    """The picture as a WebP file, as stickers are."""
    return _saved(picture, "WEBP", quality=80)


# Pictures with words


def receipt(chance: Random, shop: str, rows: Sequence[tuple[str, str]]) -> Image.Image:
    """A till receipt photographed on a table, a little askew; the last row is the total."""
    paper = Image.new("RGB", (520, 250 + 46 * len(rows)), PAPER)
    draw = ImageDraw.Draw(paper)
    _centred(draw, (260, 54), shop, 38)
    _centred(draw, (260, 104), "Thank you for your custom", 20)
    for number, (thing, price) in enumerate(rows):
        y = 150 + 46 * number
        is_total = number == len(rows) - 1
        if is_total:
            y += 24
            draw.line((36, y - 12, 484, y - 12), INK, 2)
        size = 32 if is_total else 25
        draw.text((36, y), thing, INK, _font(size))
        draw.text((484, y), price, INK, _font(size), anchor="ra")
    return _noisy(_lying_on(paper, chance, WOOD), chance)


def sign(lines: Sequence[str], board: Colour = NAVY, letters: Colour = PAPER) -> Image.Image:
    """A painted board on two posts before a grey sky."""
    picture = _sky((800, 600), (176, 196, 214), (226, 230, 228))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 490, 800, 600), (104, 132, 84))
    for x in (150, 620):
        draw.rectangle((x, 380, x + 28, 560), (92, 70, 52))
    draw.rounded_rectangle((60, 70, 740, 430), 18, board, (236, 232, 220), 6)
    _stacked(draw, (400, 250), lines, 58, letters)
    return picture


def screenshot(title: str, rows: Sequence[tuple[str, str]]) -> Image.Image:
    """A phone's screen: a bar with a title, then a card for each heading and its line."""
    picture = Image.new("RGB", (720, 170 + 128 * len(rows)), (236, 239, 243))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 720, 110), (18, 110, 96))
    draw.text((36, 38), title, PAPER, _font(38))
    for number, (heading, line) in enumerate(rows):
        top = 136 + 128 * number
        draw.rounded_rectangle((24, top, 696, top + 110), 14, (255, 255, 255))
        draw.text((48, top + 16), heading, (18, 110, 96), _font(24))
        draw.text((48, top + 56), line, INK, _font(29))
    return picture


def label(chance: Random, lines: Sequence[str], colour: Colour) -> Image.Image:
    """The label of a tin, close up."""
    picture = Image.new("RGB", (760, 620), (70, 74, 80))
    draw = ImageDraw.Draw(picture)
    for x in range(90, 670):  # the tin is round: darker to its sides
        shade = math.sin(math.pi * (x - 60) / 640)
        light = _shaded(colour, 0.55 + 0.45 * shade)
        draw.line((x, 40, x, 580), light)
    draw.ellipse((90, 14, 670, 70), (198, 200, 204), (120, 122, 126), 3)
    draw.rectangle((130, 160, 630, 500), PAPER)
    _stacked(draw, (380, 330), lines, 50, INK)
    return _noisy(picture, chance)


def note(chance: Random, lines: Sequence[str], paper: Colour = (252, 240, 170)) -> Image.Image:
    """A lined sheet of paper on a bench, somewhat turned."""
    sheet = Image.new("RGB", (640, 120 + 58 * len(lines)), paper)
    draw = ImageDraw.Draw(sheet)
    for number, line in enumerate(lines):
        y = 62 + 58 * number
        draw.line((30, y + 42, 610, y + 42), _shaded(paper, 0.85), 2)
        draw.text((44, y), line, (32, 42, 110), _font(32))
    return _noisy(_lying_on(sheet, chance, (120, 124, 120)), chance)


def poster(title: str, lines: Sequence[str], colour: Colour) -> Image.Image:
    """A printed poster with a boat above its words."""
    picture = Image.new("RGB", (720, 900), colour)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((30, 30, 690, 870), None, PAPER, 4)
    _boat(draw, (360, 250), 1.5, PAPER, _shaded(colour, 0.6))
    _centred(draw, (360, 430), title, 66, PAPER)
    _stacked(draw, (360, 660), lines, 40, PAPER)
    return picture


def whiteboard(chance: Random, lines: Sequence[str]) -> Image.Image:
    """A whiteboard in the shed, with somebody's handwriting replaced by tidier letters."""
    picture = Image.new("RGB", (800, 600), (190, 186, 178))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((40, 40, 760, 560), (247, 249, 249), (120, 120, 124), 8)
    for number, line in enumerate(lines):
        ink: Colour = ((170, 36, 40), (30, 80, 150), (30, 110, 60))[number % 3]
        x = 80 + chance.randint(0, 20)
        draw.text((x, 82 + 66 * number), line, ink, _font(40))
    return _noisy(picture, chance)


def drawing(lines: Sequence[tuple[str, tuple[int, int]]]) -> Image.Image:
    """A boat from the side on squared paper, with words at the given places."""
    picture = Image.new("RGB", (800, 560), (248, 250, 252))
    draw = ImageDraw.Draw(picture)
    for step in range(0, 800, 40):
        draw.line((step, 0, step, 560), (216, 226, 236))
        draw.line((0, step, 800, step), (216, 226, 236))
    _boat(draw, (400, 320), 2.4, (248, 250, 252), NAVY)
    for text, place in lines:
        draw.text(place, text, INK, _font(30))
    return picture


def typed_sheet(chance: Random, title: str, lines: Sequence[str]) -> Image.Image:
    """An old typed page as a scanner sees it: grey, grainy, a degree or two off."""
    sheet = Image.new("RGB", (1000, 1414), (238, 232, 214))
    draw = ImageDraw.Draw(sheet)
    draw.text((110, 130), title, INK, _font(52))
    draw.line((110, 206, 890, 206), INK, 3)
    for number, line in enumerate(lines):
        draw.text((110, 250 + 76 * number), line, INK, _font(36))
    draw.ellipse((690, 1120, 900, 1330), None, (206, 188, 156), 14)  # where the mug stood
    turned = sheet.rotate(chance.uniform(-1.2, 1.2), Resampling.BICUBIC, fillcolor=(238, 232, 214))
    return _noisy(turned, chance)


def sticker(word: str, colour: Colour) -> Image.Image:
    """A sticker of 512 pixels: a life ring, with a word on it if there is one."""
    picture = Image.new("RGBA", (512, 512), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((16, 16, 496, 496), (255, 255, 255, 255))
    for start in range(0, 360, 60):
        draw.pieslice((34, 34, 478, 478), start + 15, start + 45, (*colour, 255))
    draw.ellipse((120, 120, 392, 392), (255, 255, 255, 255))
    if word:
        draw.rounded_rectangle((40, 196, 472, 316), 30, (255, 255, 255, 255), (*colour, 255), 8)
        draw.text((256, 256), word, INK, _font(84), anchor="mm")
    return picture


# Pictures without words


def barn(chance: Random) -> Image.Image:
    """A barn at dusk, with the bow of a boat in its door."""
    picture = _sky((800, 600), (96, 112, 150), (236, 190, 150))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 470, 800, 600), (82, 96, 62))
    draw.polygon(((160, 480), (160, 270), (400, 130), (640, 270), (640, 480)), (110, 58, 46))
    draw.polygon(((130, 282), (400, 120), (670, 282), (640, 300), (400, 160), (160, 300)), INK)
    draw.rectangle((300, 300, 500, 480), (36, 28, 26))
    draw.polygon(((330, 480), (345, 380), (400, 340), (455, 380), (470, 480)), (206, 202, 190))
    draw.line((400, 340, 400, 480), (120, 40, 36), 8)
    return _noisy(picture, chance)


def harbour(chance: Random, rain: bool = False) -> Image.Image:
    """Water, hills and some boats; in rain if wanted."""
    picture = _sky((800, 600), (70, 120, 180), (250, 214, 160))
    draw = ImageDraw.Draw(picture)
    for x in range(-50, 800, 190):
        height = chance.randint(70, 150)
        draw.ellipse((x, 330 - height, x + 380, 470), (74, 94, 96))
    draw.rectangle((0, 350, 800, 600), (48, 92, 124))
    for _ in range(90):
        x, y = chance.randint(0, 800), chance.randint(360, 596)
        draw.line((x, y, x + chance.randint(10, 60), y), (120, 164, 186), 2)
    for x in (170, 420, 640):
        hull: Colour = chance.choice(((150, 40, 40), (236, 236, 228), (28, 60, 80)))
        _boat(draw, (x, 370 + chance.randint(0, 70)), 0.8, PAPER, hull)
    if rain:
        for _ in range(700):
            x, y = chance.randint(0, 800), chance.randint(0, 600)
            draw.line((x, y, x - 6, y + 22), (196, 206, 216))
    return picture


def ships_cat(chance: Random, coat: Colour, *, is_asleep: bool = False) -> Image.Image:
    """Bosun, the ship's cat, on a coil of rope."""
    picture = Image.new("RGB", (700, 700), (186, 170, 146))
    draw = ImageDraw.Draw(picture)
    for ring in range(6):
        inset = 26 * ring
        box = (90 + inset, 470 + inset // 2, 610 - inset, 660 - inset // 2)
        draw.ellipse(box, (214, 190, 140), (140, 112, 70), 4)
    draw.arc((400, 380, 600, 600), 20, 200, coat, 30)
    if is_asleep:
        draw.ellipse((200, 460, 590, 622), coat)
        _cats_head(draw, 270, 250, coat, eye_height=2)
    else:
        draw.ellipse((196, 320, 504, 610), coat)
        _cats_head(draw, 350, 0, coat, eye_height=20)
    return _noisy(picture, chance)


def _cats_head(draw: Drawing, x: int, down: int, coat: Colour, eye_height: int) -> None:
    draw.ellipse((x - 100, down + 170, x + 100, down + 360), coat)
    for side in (-1, 1):
        ear = ((92, 240), (88, 130), (12, 184))
        draw.polygon([(x + side * across, down + y) for across, y in ear], coat)
        eye, middle = x + side * 46, down + 256
        box = (eye - 20, middle - eye_height, eye + 20, middle + eye_height)
        draw.ellipse(box, (196, 206, 80))
        draw.ellipse((eye - 5, box[1], eye + 5, box[3]), (20, 20, 20))
        for y in (290, 304, 318):
            draw.line((x + side * 20, down + 306, x + side * 130, down + y), PAPER, 2)
    draw.polygon([(x - 12, down + 296), (x + 12, down + 296), (x, down + 310)], (220, 140, 140))


def planks(chance: Random) -> Image.Image:
    """The side of the hull from close by: rows of planks and their nails."""
    picture = Image.new("RGB", (800, 560), WOOD)
    draw = ImageDraw.Draw(picture)
    for row in range(8):
        top = row * 70
        draw.rectangle((0, top, 800, top + 66), _shaded(WOOD, chance.uniform(0.75, 1.15)))
        for _ in range(14):
            x, y = chance.randint(-60, 760), top + chance.randint(8, 60)
            draw.arc((x, y, x + 200, y + 12), 180, 350, _shaded(WOOD, 0.6), 2)
        for x in range(40, 800, 180):
            draw.ellipse((x, top + 28, x + 11, top + 39), (64, 84, 76))
    return _noisy(picture, chance)


def supper(chance: Random) -> Image.Image:
    """A pot of stew and six plates, from above."""
    picture = Image.new("RGB", (760, 600), (122, 84, 60))
    draw = ImageDraw.Draw(picture)
    for number in range(6):
        angle = math.tau * number / 6
        x, y = 380 + 270 * math.cos(angle), 300 + 205 * math.sin(angle)
        draw.rounded_rectangle((x - 78, y - 62, x + 78, y + 62), 40, (150, 106, 76))
        draw.ellipse((x - 64, y - 46, x + 64, y + 46), (190, 118, 60))
        draw.line((x - 40, y - 8, x + 40, y + 12), (120, 150, 70), 7)
    draw.ellipse((270, 190, 490, 410), (44, 46, 52))
    draw.ellipse((290, 210, 470, 390), (220, 120, 44))
    for _ in range(30):
        angle, reach = chance.uniform(0, math.tau), chance.uniform(0, 76)
        x, y = 380 + reach * math.cos(angle), 300 + reach * math.sin(angle)
        draw.ellipse((x - 7, y - 7, x + 7, y + 7), chance.choice(((80, 130, 60), (240, 220, 180))))
    return picture.filter(ImageFilter.GaussianBlur(1.2))


def launch_frame(step: float) -> Image.Image:
    """One frame of the launch: the boat at `step` (0 to 1) of its way down the slip."""
    picture = _sky((480, 270), (120, 170, 220), (240, 236, 220))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 190, 480, 270), (48, 92, 124))
    draw.polygon(((0, 120), (0, 270), (330, 270)), (128, 124, 118))
    x, y = 70 + 270 * step, 130 + 74 * step
    if step > 0.7:
        for side in (-1, 1):
            draw.ellipse((x + side * 80 - 24, 176, x + side * 80 + 24, 216), (226, 238, 244))
    _boat(draw, (x, y), 0.9, PAPER, (28, 60, 110))
    return picture


# What they are drawn with


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _centred(draw: Drawing, at: Point, text: str, size: int, colour: Colour = INK) -> None:
    draw.text(at, text, colour, _font(size), anchor="mm")


def _stacked(draw: Drawing, at: Point, lines: Sequence[str], size: int, colour: Colour) -> None:
    step = size * 1.45
    first = at[1] - step * (len(lines) - 1) / 2
    for number, line in enumerate(lines):
        _centred(draw, (at[0], first + step * number), line, size, colour)


def _shaded(colour: Colour, by: float) -> Colour:
    red, green, blue = (min(255, round(part * by)) for part in colour)
    return red, green, blue


def _sky(size: tuple[int, int], top: Colour, bottom: Colour) -> Image.Image:
    mask = Image.linear_gradient("L").resize(size)
    return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), mask)


def _boat(draw: Drawing, at: Point, scale: float, sails: Colour, hull: Colour) -> None:
    def placed(*points: tuple[int, int]) -> list[tuple[float, float]]:
        return [(at[0] + scale * across, at[1] + scale * down) for across, down in points]

    draw.line(placed((-10, -20), (-10, -110)), hull, max(2, round(3 * scale)))
    draw.polygon(placed((-16, -102), (-16, -34), (-72, -34)), sails, hull)
    draw.polygon(placed((-4, -108), (-4, -34), (58, -34)), sails, hull)
    draw.polygon(placed((-100, -22), (100, -28), (74, 22), (-76, 22)), hull)


def _lying_on(sheet: Image.Image, chance: Random, table: Colour) -> Image.Image:
    """The sheet on a table, turned by up to three degrees."""
    picture = Image.new("RGB", (sheet.width + 140, sheet.height + 120), table)
    picture.paste(_shaded(table, 0.6), (78, 68, 78 + sheet.width, 68 + sheet.height))
    picture.paste(sheet, (70, 60))
    angle = chance.choice((-1, 1)) * chance.uniform(0.8, 3.0)
    return picture.rotate(angle, Resampling.BICUBIC, fillcolor=table)


def _noisy(picture: Image.Image, chance: Random) -> Image.Image:
    """The grain of a cheap camera, each grain two pixels wide."""
    size = (picture.width // 2, picture.height // 2)
    grain = Image.frombytes("L", size, chance.randbytes(size[0] * size[1]))
    return Image.blend(picture, grain.resize(picture.size).convert("RGB"), 0.06)
