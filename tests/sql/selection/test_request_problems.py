"""batch.request_problems: every field wrong in every way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.database import Sql

TARGETED = {"jobType": "targeted_chat_sync", "chatId": "a chat"}
TIMED = {"jobType": "time_based_batch", "daysBack": 30}
UUID_TEXT = "0198A7C4-0000-7000-8000-00000000abcd"


def problems(sql: Sql, request: Any) -> list[tuple[str, str]]:
    return sql.rows("select field, problem from batch.request_problems(%s)", json.dumps(request))


def fields(sql: Sql, request: Any) -> list[str]:
    return sorted(field for field, _ in problems(sql, request))


@pytest.mark.parametrize(
    "request_",
    [
        TARGETED,
        TIMED,
        TARGETED | {"daysBack": 7},
        TIMED | {"chatId": "x" * 255},
        TIMED | {"instanceId": UUID_TEXT},
        TIMED | {"daysBack": 1},
        TIMED | {"daysBack": 3650},
        TIMED | {"daysBack": 30.0},
        TIMED | {"limit": 0},
        TIMED | {"limit": 1},
        TIMED | {"limit": 2147483647},
        TIMED | {"force": True},
        TIMED | {"force": False},
        TIMED | {"contentTypes": ["audio"]},
        TIMED | {"contentTypes": ["document", "video", "image", "audio"]},
        TIMED | {"contentTypes": ["image", "image"]},
        TIMED | {"language": "pt"},
        TIMED | {"language": "pt-BR"},
        TIMED | {"language": "zh-Hant-TW"},
        TIMED | {"language": "fil"},
        TIMED | {"priority": -100, "lanes": 64, "failureThreshold": 1, "dryRun": False},
        TIMED | {"priority": 100, "lanes": 1, "failureThreshold": 0.001},
        TIMED | {"callbackUrl": "https://example.org:8443/hooks?of=chats"},
        TIMED | {"callbackUrl": "http://[::1]/"},
        TIMED | {"metadata": {}},
        TIMED | {"metadata": {"x" * 64: "x" * 512} | {str(n): "" for n in range(15)}},
    ],
)
def test_a_good_request_has_no_problems(sql: Sql, request_: dict[str, Any]) -> None:
    assert problems(sql, request_) == []


@pytest.mark.parametrize(
    "field", ["instanceId", "contentTypes", "limit", "force", "language", "daysBack", "metadata"]
)
def test_null_counts_as_absent(sql: Sql, field: str) -> None:
    assert problems(sql, TARGETED | {field: None}) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        *(({"jobType": wrong}, "jobType") for wrong in ("", "media_redownload", 1, True, [], {})),
        *(({"chatId": wrong}, "chatId") for wrong in ("", "x" * 256, 5511, False, ["x"], {"a": 1})),
        *(
            ({"instanceId": wrong}, "instanceId")
            for wrong in ("", "nonsense", UUID_TEXT + "0", UUID_TEXT.replace("-", ""), 1, [], {})
        ),
        *(
            ({"daysBack": wrong}, "daysBack")
            for wrong in (0, -1, 3651, 1.5, 1e300, "30", True, [30], {})
        ),
        *(
            ({"limit": wrong}, "limit")
            for wrong in (-1, 0.5, 2147483648, 1e300, "10", "", False, [10], {})
        ),
        *(({"force": wrong}, "force") for wrong in ("true", "yes", 1, 0, [], {})),
        *(
            ({"language": wrong}, "language")
            for wrong in ("", "x", "english", "pt_BR", "pt-", "en-us-abcdefgh", 1, True, ["en"], {})
        ),
        *(
            ({"contentTypes": wrong}, "contentTypes")
            for wrong in ([], "audio", "", {}, {"audio": 1}, 1, True, ["gif"], ["Audio"], [1],
                          [None], [["audio"]], ["audio", ""])
        ),
        ({"colour": None}, "colour"),
        *(({"priority": wrong}, "priority") for wrong in (-101, 101, 0.5, "1", True, [1])),
        *(({"lanes": wrong}, "lanes") for wrong in (0, -1, 65, 1.5, "8", False, {})),
        *(
            ({"failureThreshold": wrong}, "failureThreshold")
            for wrong in (0, -0.1, 1.01, "0.5", True, [0.5])
        ),
        *(
            ({"callbackUrl": wrong}, "callbackUrl")
            for wrong in ("", "example.org", "ftp://example.org", "https://", "https://a b/",
                          "https://user@example.org/", "https://example.org/" + "x" * 2000, 1, [])
        ),
        *(
            ({"metadata": wrong}, "metadata")
            for wrong in ("a", [], 1, {"": "x"}, {"x" * 65: "x"}, {"a": 1}, {"a": None, "b": {}},
                          {"a": "x" * 513}, {str(n): "" for n in range(17)})
        ),
        *(({"dryRun": wrong}, "dryRun") for wrong in ("true", 1, [])),
        *(({wrong: 1}, wrong) for wrong in ("retryOf", "chatID", "chat_id", "")),
    ],
)  # fmt: skip
def test_a_field_that_is_wrong_is_named(sql: Sql, change: dict[str, Any], field: str) -> None:
    found = problems(sql, TARGETED | TIMED | TARGETED | change)

    assert [name for name, _ in found] == [field]
    assert all(problem for _, problem in found)


@pytest.mark.parametrize("absent", [{}, {"chatId": None}])
def test_a_targeted_job_needs_a_chat(sql: Sql, absent: dict[str, None]) -> None:
    found = problems(sql, {"jobType": "targeted_chat_sync"} | absent)

    assert found == [
        ("chatId", "required for targeted_chat_sync: the chat's uuid or its external id")
    ]


@pytest.mark.parametrize("absent", [{}, {"daysBack": None}])
def test_a_time_based_job_needs_its_days(sql: Sql, absent: dict[str, None]) -> None:
    found = problems(sql, {"jobType": "time_based_batch"} | absent)

    assert found == [("daysBack", "required for time_based_batch: how many days back, 1 to 3650")]


@pytest.mark.parametrize("absent", [{}, {"jobType": None}])
def test_every_request_needs_a_job_type(sql: Sql, absent: dict[str, None]) -> None:
    assert fields(sql, absent) == ["jobType"]


@pytest.mark.parametrize("request_", [None, [], [TIMED], "text", 1, True])
def test_a_request_must_be_an_object(sql: Sql, request_: Any) -> None:
    assert problems(sql, request_) == [("", "the request must be a JSON object")]


def test_no_request_at_all_is_a_problem(sql: Sql) -> None:
    assert sql.rows("select field from batch.request_problems(null)") == [("",)]


def test_every_problem_is_named_at_once(sql: Sql) -> None:
    request = {
        "jobType": "targeted_chat_sync",
        "instanceId": "x",
        "contentTypes": ["gif", "audio", "mp3"],
        "daysBack": 0,
        "limit": -1,
        "force": "yes",
        "language": "?",
        "colour": "blue",
    }

    assert fields(sql, request) == [
        "chatId", "colour", "contentTypes", "contentTypes", "daysBack", "force", "instanceId",
        "language", "limit",
    ]  # fmt: skip


def test_the_wrong_content_type_is_said(sql: Sql) -> None:
    found = problems(sql, TIMED | {"contentTypes": ["gif"]})

    assert found == [("contentTypes", '"gif" is not one of audio, image, video, document')]
