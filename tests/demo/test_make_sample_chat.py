"""The maker of the sample chat: what it writes, and what it says about it. No database."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pytest

from demo import SampleChat, SampleMessage, make_sample_chat

NOW = datetime.fromisoformat("2025-11-23T18:00:00")


class Made(NamedTuple):
    chat: SampleChat
    root: Path

    def file(self, message: SampleMessage) -> Path:
        assert message.local_path is not None
        return self.root / message.local_path

    def named(self, ending: str) -> list[SampleMessage]:
        return [m for m in self.chat.messages if (m.local_path or "").endswith(ending)]

    def only(self, ending: str) -> Path:
        (message,) = self.named(ending)
        return self.file(message)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    root = tmp_path_factory.mktemp("media")
    return Made(make_sample_chat(root, now=NOW), root)


def digests(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


def test_the_same_seed_and_moment_give_the_same_chat_and_the_same_bytes(
    made: Made, tmp_path: Path
) -> None:
    again = make_sample_chat(tmp_path, now=NOW.replace(tzinfo=UTC))

    assert again == made.chat
    assert digests(tmp_path) == digests(made.root)


def test_another_seed_gives_other_bytes_under_the_same_ids(made: Made, tmp_path: Path) -> None:
    other = make_sample_chat(tmp_path, seed=8, now=NOW)

    assert [m.id for m in other.messages] == [m.id for m in made.chat.messages]
    assert digests(tmp_path).values() != digests(made.root).values()


def test_every_medium_has_its_file_except_those_that_are_traps(made: Made) -> None:
    for message in made.chat.messages:
        if message.has_media and message.kind != "hostile":
            assert made.file(message).stat().st_size == message.size_bytes
            assert message.size_bytes


def test_nothing_is_written_but_the_files_that_messages_name(made: Made) -> None:
    named = {m.local_path for m in made.chat.messages if m.size_bytes is not None}

    assert set(digests(made.root)) == named


def test_paths_are_relative_and_say_the_instance_and_the_month(made: Made) -> None:
    for message in made.chat.messages:
        if message.size_bytes is not None:
            instance, month, _name = PurePosixPath(message.local_path or "").parts
            assert instance == str(made.chat.instance.id)
            assert month == f"{message.platform_timestamp:%Y-%m}"


def test_there_are_paths_that_leave_the_media_folder_and_nothing_is_written_there(
    made: Made,
) -> None:
    leaving = [m for m in made.chat.messages if "etc/" in (m.local_path or "")]

    assert [m.local_path for m in leaving] == ["../../etc/passwd", "/etc/hostname"]
    assert all(m.size_bytes is None and m.kind == "hostile" for m in leaving)


def test_one_medium_has_no_path_and_one_has_lost_its_file(made: Made) -> None:
    pathless = [m for m in made.chat.messages if m.has_media and m.local_path is None]
    (lost,) = made.named("song-sheet.pdf")

    assert len(pathless) == 1
    assert not made.file(lost).exists()


def test_the_mix_is_mostly_documents_and_pictures(made: Made) -> None:
    count = Counter(m.kind for m in made.chat.messages)

    assert 38 <= count["document"] <= 46
    assert 34 <= count["picture"] <= 40
    assert 8 <= count["audio"] <= 12
    assert 10 <= count["hostile"] <= 16
    assert count["video"] == 1
    assert count["text"] >= 15


def test_the_whole_chat_takes_a_few_megabytes(made: Made) -> None:
    sizes = [m.size_bytes or 0 for m in made.chat.messages]

    assert sum(sizes) < 5_000_000
    assert max(sizes) < 500_000


def test_messages_fill_ten_months_in_order_and_end_before_now(made: Made) -> None:
    times = [m.platform_timestamp for m in made.chat.messages]

    assert times == sorted(times)
    assert all(time.tzinfo is None for time in times)
    assert timedelta(days=295) < NOW - times[0] < timedelta(days=305)
    assert timedelta() < NOW - times[-1] < timedelta(days=1)


def test_the_last_thirty_days_hold_a_part_of_the_media(made: Made) -> None:
    recent = [m for m in made.chat.messages if m.platform_timestamp > NOW - timedelta(days=30)]

    assert 5 <= sum(m.has_media for m in recent) <= 30


def test_ids_are_unique_and_fit_their_columns(made: Made) -> None:
    messages = made.chat.messages

    assert len({m.id for m in messages}) == len({m.external_id for m in messages}) == len(messages)
    assert all(len(m.mime_type or "") <= 100 for m in messages)


def test_types_are_written_as_platforms_write_them(made: Made) -> None:
    types = {m.mime_type for m in made.chat.messages if m.mime_type}

    assert "audio/ogg; codecs=opus" in types
    assert "text/plain; charset=windows-1251" in types
    assert {"IMAGE/JPEG", "APPLICATION/PDF", "Application/PDF", "TEXT/CSV"} <= types


def test_some_messages_are_deleted_some_are_stickers_and_some_are_ones_own(made: Made) -> None:
    messages = made.chat.messages

    assert Counter(m.status for m in messages)["deleted"] == 3
    assert Counter(m.message_type for m in messages)["sticker"] == 3
    assert any(m.is_from_me for m in messages)


def test_every_document_says_what_its_text_must_contain(made: Made) -> None:
    assert all(m.expected for m in made.chat.messages if m.kind == "document")


def test_a_naive_moment_is_utc_and_an_aware_one_is_converted(tmp_path: Path) -> None:
    there = datetime.fromisoformat("2025-11-23T20:00:00+02:00")

    chat = make_sample_chat(tmp_path, now=there)

    assert chat.messages[-1].platform_timestamp < NOW


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("varna.txt", "cp1251"),
        ("saw.txt", "shift_jis"),
        ("lanyon.txt", "utf-16"),
        ("shanty.txt", "utf-8"),
        ("to-do.md", "utf-8"),
        ("planks.csv", "utf-8"),
        ("tides.csv", "utf-8"),
        ("scores.csv", "utf-8"),
        ("advert.html", "utf-8"),
        ("moisture.json", "utf-8"),
        ("contacts.json", "utf-8"),
    ],
)
def test_plain_formats_contain_their_expected_words(made: Made, name: str, encoding: str) -> None:
    (message,) = made.named(name)

    text = made.file(message).read_bytes().decode(encoding).lower()

    assert [word for word in message.expected if word.lower() not in text] == []


def test_the_cyrillic_letter_is_not_utf_8(made: Made) -> None:
    content = made.only("varna.txt").read_bytes()

    with pytest.raises(UnicodeDecodeError):
        content.decode()


def test_json_files_parse_and_the_deep_one_is_deep(made: Made) -> None:
    assert json.loads(made.only("moisture.json").read_bytes())["readings"]
    assert made.only("wiring.json").read_bytes().startswith(b"[" * 20_000)


def test_the_zip_bomb_is_small_and_unpacks_to_hundreds_of_megabytes(made: Made) -> None:
    bomb = made.only("grant-form.docx")

    with zipfile.ZipFile(bomb) as archive:
        unpacked = archive.getinfo("word/document.xml").file_size

    assert unpacked > 250_000_000
    assert bomb.stat().st_size < 400_000


def test_the_empty_file_is_empty(made: Made) -> None:
    assert made.only("grant-form-signed.pdf").stat().st_size == 0
