"""Pictures that are sent as they are: what is seen of them is what decoding finds, or nothing."""

import io
import random
import struct
import zlib

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from tests.workers.processors import files
from workers.processors.images.at_sight import (
    MOST_BYTES,
    MOST_PARTS,
    MOST_SCANS,
    jpeg_size,
    picture_at_sight,
    png_size,
)
from workers.processors.images.small import small_picture
from workers.processors.limits import ImageLimits


def noise(width, height):
    return Image.frombytes("RGB", (width, height), random.Random(2).randbytes(width * height * 3))


NOISE = noise(96, 64)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def jpeg(picture=NOISE, **options):
    return files.encoded(picture, "JPEG", **options)


def png(picture=NOISE, **options):
    return files.encoded(picture, "PNG", **options)


def segment(marker, content):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content


def chunk(name, content):
    body = name + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def exif(tag, value):
    made = Image.Exif()
    made[tag] = value
    return made


def with_text():
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "made at home")
    return info


USUAL = {
    "photo": jpeg(),
    "progressive": jpeg(progressive=True),
    "optimized": jpeg(optimize=True, quality=95),
    "restarting": jpeg(restart_marker_blocks=2),
    "not subsampled": jpeg(subsampling=0),
    "with a profile": jpeg(icc_profile=PROFILE),
    "grey photo": jpeg(NOISE.convert("L")),
    "screenshot": png(),
    "grey screenshot": png(NOISE.convert("L")),
    "of few colours": png(NOISE.quantize(16)),
    "black and white": png(NOISE.convert("1")),
    "with a resolution": png(dpi=(96, 96)),
    "of several chunks": png(noise(300, 300)),
    "largest": jpeg(Image.new("RGB", (2048, 2048), "navy")),
}  # fmt: skip

HEAD = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
HEAD_WITH_THUMBNAIL = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\1\1rgb")
FLAT = segment(0xC0, b"\x08\0\0\0\x08\x01\x01\x11\0")
SCAN = segment(0xDA, b"x") + b"x"

UNUSUAL = {
    "place": jpeg(exif=exif(0x010E, "secret place")),
    "turned": jpeg(exif=exif(0x0112, 6)),
    "comment": jpeg(comment=b"made at home"),
    "thumbnail": jpeg().replace(HEAD, HEAD_WITH_THUMBNAIL),
    "four colours": jpeg(NOISE.convert("CMYK")),
    "too large": jpeg(Image.new("RGB", (2049, 8))),
    "flat": b"\xff\xd8" + FLAT + SCAN + b"\xff\xd9",
    "something after it": jpeg() + b"PK",
    "nothing scanned": jpeg()[: jpeg().index(b"\xff\xda")] + b"\xff\xd9",
    "two frames": jpeg()[:2] + FLAT + jpeg()[2:],
    "scan before its frame": jpeg()[:2] + SCAN + jpeg()[2:],
    "scanned for ever": jpeg()[:-2] + SCAN * MOST_SCANS + b"\xff\xd9",
    "segments for ever": jpeg()[:2] + segment(0xDD, b"\0\0") * MOST_PARTS + jpeg()[2:],
    "several pictures": files.encoded(NOISE, "MPO", save_all=True, append_images=[NOISE]),
    "see-through": png(NOISE.convert("RGBA")),
    "a colour that is none": png(NOISE.quantize(16), transparency=0),
    "finer colours": png(Image.new("I;16", (8, 8))),
    "text": png(pnginfo=with_text()),
    "taken at": png(exif=exif(0x010E, "secret place")),
    "profile to unpack": png(icc_profile=PROFILE),
    "too wide": png(Image.new("RGB", (2049, 8))),
    "after its end": png() + b"PK",
    "without pixels": png()[:33] + chunk(b"IEND", b""),
    "chunks for ever": png()[:33] + chunk(b"sRGB", b"\0") * MOST_PARTS + png()[33:],
    "webp": files.encoded(NOISE, "WEBP"),
    "gif": files.encoded(NOISE, "GIF"),
    "too many bytes": jpeg(noise(1000, 1000), quality=100),
    "text file": b"no picture at all",
    "empty": b"",
}  # fmt: skip


@pytest.fixture
def seen(tmp_path):
    """What is seen of some bytes."""

    def seen(content):
        (tmp_path / "picture").write_bytes(content)
        return picture_at_sight(tmp_path / "picture")

    return seen


@pytest.mark.parametrize("name", USUAL)
def test_what_is_seen_is_what_decoding_finds(seen, tmp_path, name):
    at_sight = seen(USUAL[name])

    decoded = small_picture(str(tmp_path / "picture"), str(tmp_path / "small"), ImageLimits())
    assert at_sight is not None
    assert at_sight.facts == decoded
    assert at_sight.mime_type == Image.MIME[decoded["kind"]]


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_is_unusual_is_for_a_sandbox(seen, name):
    assert seen(UNUSUAL[name]) is None


def test_the_unusual_ones_are_what_they_are_said_to_be():
    assert len(UNUSUAL["too many bytes"]) > MOST_BYTES
    assert UNUSUAL["thumbnail"] != jpeg()
    for name in ("place", "several pictures", "see-through", "profile to unpack"):
        assert Image.open(io.BytesIO(UNUSUAL[name])).size == NOISE.size


@pytest.mark.parametrize(("content", "size_of"), [(jpeg(), jpeg_size), (png(), png_size)])
def test_what_is_cut_off_is_seen(content, size_of):
    assert size_of(content) == NOISE.size
    assert not any(size_of(content[:length]) for length in range(len(content)))


def test_every_wrong_bit_of_a_png_is_seen():
    small = png(NOISE.crop((0, 0, 8, 8)))
    assert png_size(small) == (8, 8)
    for place in range(len(small)):
        for bit in range(8):
            wrong = bytearray(small)
            wrong[place] ^= 1 << bit
            assert png_size(bytes(wrong)) is None


def test_no_wrong_byte_of_a_jpeg_is_a_defect():
    small = jpeg(NOISE.crop((0, 0, 8, 8)), progressive=True)
    chance = random.Random(7)
    for _ in range(5_000):
        wrong = bytearray(small)
        wrong[chance.randrange(len(wrong))] = chance.randrange(256)
        size = jpeg_size(bytes(wrong))
        assert size is None or all(0 <= side <= 0xFFFF for side in size)
