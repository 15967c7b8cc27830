"""Recordings that are broken, locked or meant to do harm, and the worker that outlives them."""

import random
import resource
import socket
import tempfile
import threading
from pathlib import Path

import pytest

from tests.workers.processors import files, recordings
from workers.processors.base import ProcessingFailed
from workers.processors.media import film, sound
from workers.processors.media.limits import MediaLimits

ENCRYPTED = {
    "encryption_scheme": "cenc-aes-ctr",
    "encryption_key": "00" * 16,
    "encryption_kid": "11" * 16,
}


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with recordings.studio(tmp_path_factory.mktemp("media")) as studio:
        yield studio


@pytest.fixture
def failure(studio):
    """How both probing some bytes and taking frames of them fail."""

    def failure(content, take_frames=False):
        path = studio.write(content)
        work = (
            film.frames(studio.sandbox, path, studio.new_folder(), 4)
            if take_frames
            else sound.probe(studio.sandbox, path)
        )
        with pytest.raises(ProcessingFailed) as caught:
            studio.run(work)
        return caught.value

    return failure


def test_zero_bytes_are_an_empty_file(failure):
    assert failure(b"").code == "file_empty"


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def resident_megabytes():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(recordings.film()[:-300], id="mp4"),
        pytest.param(recordings.sound("m4a", recordings.tone, 2)[:4000], id="m4a"),
        pytest.param(recordings.sound("ogg", recordings.tone, 2)[:60], id="ogg"),
        pytest.param(recordings.sound("amr", recordings.tone, 2)[:6], id="amr"),
        pytest.param(recordings.film("webm")[:100], id="webm"),
        pytest.param(recordings.wav(recordings.tone(2))[:30], id="wav"),
        pytest.param(recordings.wav(recordings.silence(0)), id="wav of nothing"),
        pytest.param(b"ID3\x04" + bytes(3000), id="mp3 of zeros"),
        pytest.param(bytes(3000), id="zeros"),
        pytest.param(random.Random(7).randbytes(300_000), id="rubbish"),
        pytest.param(b"\x00\x00\x00\x18ftypmp42" + random.Random(7).randbytes(9000), id="mp42"),
    ],
)
def test_what_is_damaged_is_unreadable(failure, damaged):
    assert failure(damaged).code == "file_unreadable"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("a letter, not a voice note " * 40, id="text"),
        pytest.param(files.pdf("Text"), id="pdf"),
        pytest.param(files.encoded(files.picture(), "JPEG"), id="jpeg"),
        pytest.param(files.encoded(files.picture(), "PNG"), id="png"),
        pytest.param(files.encoded(files.picture(), "AVIF"), id="avif"),
        pytest.param(files.docx(files.word_paragraph("Text")), id="docx"),
    ],
)
def test_what_is_no_recording_is_unsupported(failure, other):
    assert failure(other).code == "unsupported_format"


@pytest.mark.parametrize("brand", ["mp4", "mov"])
def test_an_encrypted_film_is_told_as_such(failure, brand):
    if brand == "mov":
        locked = recordings.film().replace(b"avc1", b"drmi").replace(b"udta", b"sinf")
    else:
        locked = recordings.film(**ENCRYPTED)

    refused = failure(locked)

    assert (refused.code, refused.message) == ("file_encrypted", "the recording is encrypted")


@pytest.fixture
def listener():
    """An address that must not be called, and the list of those who did."""
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    connection, caller = server.accept()
                except OSError:
                    return
                calls.append(caller)
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", calls
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize(
    "playlist",
    [
        "ffconcat version 1.0\nfile '{neighbour}'\n",
        "ffconcat version 1.0\nfile 'http://{address}/secret.mp4'\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{neighbour}\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://{address}/1.ts\n#EXT-X-ENDLIST\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
        "<BaseURL>http://{address}/</BaseURL></MPD>",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
        "[playlist]\nFile1=http://{address}/1.mp3\nNumberOfEntries=1\n",
        "<ASX VERSION='3.0'><ENTRY><REF HREF='http://{address}/1'/></ENTRY></ASX>",
    ],
)
def test_a_playlist_opens_neither_its_neighbours_nor_the_network(
    studio, failure, listener, playlist
):
    address, calls = listener
    neighbour = studio.write(recordings.film())
    text = playlist.format(neighbour=neighbour, address=address)

    assert failure(text).code == "unsupported_format"
    assert failure(text, take_frames=True).code == "unsupported_format"
    assert calls == []


def test_a_path_that_looks_like_an_address_is_a_path(studio, listener):
    address, calls = listener
    folder = studio.new_folder() / "http:" / address
    folder.mkdir(parents=True)
    path = folder / "x.wav"
    path.write_bytes(recordings.wav(recordings.tone(1)))

    facts = studio.run(sound.probe(studio.sandbox, path))

    assert (facts.duration_seconds, calls) == (1, [])


def test_frames_of_giant_dimensions_are_not_decoded(failure):
    assert failure(recordings.giant(), take_frames=True).code == "file_unreadable"


def test_a_film_of_more_pixels_than_allowed_is_too_large(studio):
    path = studio.write(recordings.film(size=(320, 240)))

    with pytest.raises(ProcessingFailed) as caught:
        studio.run(sound.probe(studio.sandbox, path, limits=MediaLimits(pixels=70_000)))

    assert caught.value.code == "file_too_large"
    assert caught.value.message == "320 x 240 pixels; at most 70,000 are read"


@pytest.mark.parametrize("count", [150, 3_000])
def test_a_file_of_too_many_tracks_is_too_large(failure, count):
    refused = failure(recordings.with_tracks(recordings.sound("m4a", recordings.tone, 1), count))

    assert (refused.code, refused.message) == ("file_too_large", "has more than 100 tracks")


def test_a_film_that_claims_to_last_for_years_is_too_large(failure):
    claiming = recordings.claiming_seconds(4_000_000)

    for take_frames in (False, True):
        refused = failure(claiming, take_frames)
        assert refused.code == "file_too_large"
        assert refused.message == "lasts longer than the 12 hours allowed"


def test_a_sound_that_really_lasts_too_long_is_not_decoded_to_its_end(studio):
    minute = recordings.sound("flac", recordings.silence, 60)
    head, _, frames = minute.partition(b"\xff\xf8")  # what is silent takes 14 bytes a frame
    path = studio.write(head + (b"\xff\xf8" + frames) * 2_000)

    with pytest.raises(ProcessingFailed) as caught:
        studio.run(sound.probe(studio.sandbox, path, limits=MediaLimits(seconds=7200)))

    assert caught.value.code == "file_too_large"
    assert caught.value.message == "lasts longer than the 2 hours allowed"


def test_hostile_files_in_bulk_leave_the_worker_and_its_memory_as_they_were(studio, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(studio.new_folder()))
    chance = random.Random(5)
    good = [
        recordings.film(samples=recordings.tone(2)),
        recordings.film("webm"),
        recordings.sound("mp3", recordings.tone, 2),
        recordings.sound("ogg", recordings.tone, 2),
        recordings.sound("flac", recordings.noise, 2),
    ]
    before = open_files(), resident_megabytes()
    codes = set()

    for number in range(150):
        broken = bytearray(good[number % len(good)])
        for _ in range(chance.randrange(1, 40)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        path = studio.write(bytes(broken[: chance.randrange(100, len(broken))]))
        for work in (
            sound.probe(studio.sandbox, path),
            film.frames(studio.sandbox, path, studio.new_folder(), 2),
        ):
            try:
                studio.run(work)
            except ProcessingFailed as failure:
                codes.add(failure.code)

    assert codes <= {"file_unreadable", "unsupported_format", "file_too_large", "file_encrypted"}
    assert open_files() <= before[0] + 8
    assert resident_megabytes() < before[1] + 20
    assert list(Path(tempfile.gettempdir()).iterdir()) == []
    good_one = studio.write(good[0])
    assert studio.run(sound.probe(studio.sandbox, good_one)).has_video
