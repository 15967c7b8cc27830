"""What pictures give as text, read in their sandbox."""

import struct
import zlib

import pytest
from PIL import Image

from tests.workers.processors import files
from workers.processors.base import ProcessingFailed


def words_in(extraction):
    """What OCR read, forgiving the blanks and cases that it takes for each other."""
    return "".join(extraction.text.lower().split())


def fails(process, content, mime_type=None):
    with pytest.raises(ProcessingFailed) as caught:
        process(content, "image", mime_type)
    return caught.value


def png_of(width, height):
    """A png that claims to be this large and has a few bytes of pixels."""

    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(10)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_the_text_in_a_picture_is_read_line_by_line(process, kind):
    image = files.picture("Invoice 4711", "Total 12.50 EUR")

    extraction = process(files.encoded(image, kind), "image")

    first, second = extraction.text.lower().splitlines()
    assert first.replace(" ", "") == "invoice4711"
    assert second.replace(" ", "") == "total12.50eur"
    assert extraction.provider == "local"
    assert extraction.model.startswith("rapidocr-")


def test_words_on_one_line_are_read_from_left_to_right(process):
    image = files.picture(size=(1200, 200))
    for text, left in (("right", 900), ("left", 40)):
        image.paste(files.picture(text, size=(250, 100)), (left, 40))

    assert words_in(process(files.encoded(image, "PNG"), "image")) == "leftright"


@pytest.mark.parametrize(
    ("kind", "said"),
    [("JPEG", "JPEG image, 640 x 200"), ("PNG", "PNG image, 640 x 200")],
)
def test_a_picture_without_text_gives_its_kind_and_size(process, kind, said):
    extraction = process(files.encoded(files.picture(), kind), "image")

    assert extraction.text == f"[no text found; {said}]"


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (30_000, 12)])
def test_a_line_of_pixels_has_no_text(process, size):
    extraction = process(files.encoded(files.picture(size=size), "PNG"), "image")

    assert extraction.text == f"[no text found; PNG image, {size[0]} x {size[1]}]"


def test_a_picture_is_turned_upright_before_it_is_read(process):
    lying = files.picture("Upright words").transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held so that a quarter turn clockwise is due

    extraction = process(files.encoded(lying, "JPEG", exif=exif), "image")

    assert words_in(extraction) == "uprightwords"


def large_webp(**options):
    """A WebP on its side, of more pixels than Pillow is given."""
    upright = files.picture("Upright", size=(800, 600)).resize((3200, 2400))
    exif = Image.Exif()
    exif[0x0112] = 6
    return files.encoded(upright.rotate(90, expand=True), "WEBP", method=0, exif=exif, **options)


@pytest.mark.parametrize("options", [{}, {"lossless": True, "quality": 0}])
def test_a_large_webp_is_turned_upright(process, options):
    assert words_in(process(large_webp(**options), "image")) == "upright"


def test_a_large_webp_without_text_keeps_its_size(process):
    blank = files.encoded(Image.new("RGBA", (4000, 3000), (255, 255, 255, 0)), "WEBP", method=0)

    assert process(blank, "image").text == "[no text found; WEBP image, 4000 x 3000]"


def test_a_large_webp_that_is_cut_off_is_unreadable(process):
    whole = large_webp()

    assert fails(process, whole[: len(whole) // 2]).code == "file_unreadable"


def test_the_first_frame_of_an_animation_is_read(process):
    first, second = files.picture("First frame"), files.picture("Second frame")

    animation = files.encoded(first, "WEBP", save_all=True, append_images=[second], lossless=True)

    assert words_in(process(animation, "image")) == "firstframe"


@pytest.mark.parametrize("ink", ["black", "white"])
def test_letters_on_a_transparent_ground_are_seen(process, ink):
    sticker = files.picture("Sticker", mode="RGBA", ink=ink, ground=(0, 0, 0, 0))

    assert words_in(process(files.encoded(sticker, "WEBP", lossless=True), "image")) == "sticker"


def test_a_large_photo_is_read_at_a_smaller_size(process):
    photo = files.picture("Large photo").resize((6400, 2000))

    assert words_in(process(files.encoded(photo, "JPEG"), "image")) == "largephoto"


def test_a_screenshot_of_a_long_chat_is_read_from_top_to_bottom(process):
    messages = [f"Message number {number}" for number in range(1, 81)]
    screenshot = files.picture(*messages, size=(720, 4860))

    lines = process(files.encoded(screenshot, "PNG"), "image").text.splitlines()

    assert [line.replace(" ", "") for line in lines] == [
        message.replace(" ", "") for message in messages
    ]


def test_pages_of_a_tiff_that_are_not_read_are_told(process):
    pages = [files.picture(f"Page {number}") for number in (1, 2)]
    fax = files.encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])

    text, told = process(fax, "image").text.split("\n")

    assert text.replace(" ", "") == "Page1"
    assert told == "[page 1 of 2; the others were not read]"


def test_svg_gives_its_text_without_looking(process):
    drawing = (
        '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><title>Map</title>'
        "<script>alert(1)</script><text>Main <tspan>Street</tspan></text></svg>"
    )

    extraction = process(drawing, "image", "image/svg+xml")

    assert (extraction.text, extraction.model) == ("Map\nMain Street", "svg")


def test_svg_that_declares_entities_is_unreadable(process):
    bomb = (
        '<!DOCTYPE svg [<!ENTITY a "aaaa">]>'
        '<svg xmlns="http://www.w3.org/2000/svg"><text>&a;</text></svg>'
    )

    assert fails(process, bomb).code == "file_unreadable"


def test_a_decompression_bomb_is_too_large_before_it_is_decoded(process):
    failure = fails(process, png_of(60_000, 60_000))

    assert (failure.code, failure.message) == (
        "file_too_large",
        "60,000 x 60,000 pixels; at most 100,000,000 are read",
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_that_is_cut_off_is_unreadable(process, kind):
    whole = files.encoded(Image.effect_noise((300, 300), 90), kind)

    assert fails(process, whole[: len(whole) // 2], f"image/{kind.lower()}").code == (
        "file_unreadable"
    )


def test_zero_bytes_are_an_empty_file(process):
    assert fails(process, b"").code == "file_empty"


def test_rubbish_is_unreadable(process):
    assert fails(process, b"\x89\x00\x01\x02" * 500, "image/png").code == "file_unreadable"


def test_a_kind_of_picture_that_cannot_be_opened_is_named(process):
    heic = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(200)

    failure = fails(process, heic)

    assert (failure.code, failure.message) == (
        "unsupported_format",
        "image/heic cannot be read as a picture",
    )
