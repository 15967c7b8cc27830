"""Requests and answers as they look, for readers of the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

Example = dict[str, Any]

_JOB_ID = "0b9a3c52-7d0f-4e9b-9d7e-3f1c2a5b6e10"
_CHAT_ID = "5f6f1d0e-41a7-4c39-8d53-0a3a2c1be001"
_INSTANCE_ID = "9c1d7a60-52f4-4d0c-9f43-6b7b8f0ad002"
_MESSAGE_ID = "1c7f44d2-0a51-4b6a-b7f1-9a0d2a7be003"

SIMPLE: Final[Example] = {"jobType": "time_based_batch", "daysBack": 30}
TARGETED: Final[Example] = {
    "jobType": "targeted_chat_sync",
    "chatId": "5511999999999@s.whatsapp.net",
    "contentTypes": ["audio", "image"],
    "limit": 500,
    "maxCostUsd": 2.5,
}
TIMED: Final[Example] = {
    "jobType": "time_based_batch",
    "daysBack": 30,
    "instanceId": _INSTANCE_ID,
    "priority": 10,
    "lanes": 16,
    "failureThreshold": 0.25,
    "callbackUrl": "https://example.org/hooks/backscroll",
    "metadata": {"ticket": "SUP-1042"},
}
DRY_RUN: Final[Example] = SIMPLE | {"dryRun": True}
REQUESTS: Final[Example] = {"past30Days": SIMPLE, "oneChat": TARGETED, "manyChoices": TIMED}

JOB: Final[Example] = {
    "id": _JOB_ID,
    "jobType": "targeted_chat_sync",
    "instanceId": _INSTANCE_ID,
    "chatId": _CHAT_ID,
    "requestParams": TARGETED,
    "status": "processing",
    "totalFound": 130,
    "totalItems": 107,
    "processedItems": 61,
    "failedItems": 23,
    "skippedItems": 23,
    "currentItem": "audio 85",
    "progressPercent": 78.5,
    "totalCostUsd": 0.01834216,
    "totalTokens": 51230,
    "resultsSummary": {
        "audioProcessed": 40,
        "imagesProcessed": 21,
        "videosProcessed": 0,
        "documentsProcessed": 0,
        "downloadFailed": 20,
        "processingFailed": 3,
    },
    "reusedItems": 4,
    "unpricedItems": 0,
    "maxCostUsd": 2.5,
    "failureThreshold": None,
    "priority": 0,
    "lanes": 8,
    "callbackUrl": None,
    "metadata": {},
    "retryOf": None,
    "pauseReason": None,
    "errorMessage": None,
    "estimatedCompletion": "2026-06-30T12:00:41.000Z",
    "createdAt": "2026-06-30T12:00:00.000Z",
    "startedAt": "2026-06-30T12:00:00.120Z",
    "completedAt": None,
}
COMPLETED: Final[Example] = JOB | {
    "status": "completed",
    "processedItems": 84,
    "currentItem": None,
    "progressPercent": 100,
    "totalCostUsd": 0.02713,
    "resultsSummary": JOB["resultsSummary"] | {"imagesProcessed": 44},
    "estimatedCompletion": None,
    "completedAt": "2026-06-30T12:00:39.480Z",
}
PENDING: Final[Example] = JOB | {
    "status": "pending",
    "totalFound": 0,
    "totalItems": 0,
    "processedItems": 0,
    "failedItems": 0,
    "skippedItems": 0,
    "currentItem": None,
    "progressPercent": 0,
    "totalCostUsd": 0,
    "totalTokens": 0,
    "resultsSummary": dict.fromkeys(JOB["resultsSummary"], 0),
    "reusedItems": 0,
    "estimatedCompletion": None,
    "startedAt": None,
}
PAUSED: Final[Example] = JOB | {
    "status": "paused",
    "currentItem": None,
    "estimatedCompletion": None,
}
CANCELLED: Final[Example] = COMPLETED | {
    "status": "cancelled",
    "processedItems": 61,
    "progressPercent": 78.5,
    "totalCostUsd": 0.01834216,
    "resultsSummary": JOB["resultsSummary"],
}
CHANGED: Final[Example] = JOB | {"priority": 50, "lanes": 16, "maxCostUsd": 5}
RETRIED: Final[Example] = PENDING | {
    "id": "6d7c3f0a-0b1e-4a59-8c1d-2f9d6f3ae004",
    "retryOf": _JOB_ID,
    "requestParams": TARGETED | {"retryOf": _JOB_ID},
}
JOBS: Final[Example] = {"items": [JOB], "nextCursor": None}

STATUS: Final[Example] = {
    "jobId": _JOB_ID,
    "instanceId": _INSTANCE_ID,
    "isFinal": False,
    **{
        name: JOB[name]
        for name in (
            "status", "totalItems", "processedItems", "failedItems", "skippedItems",
            "progressPercent", "currentItem", "totalCostUsd", "totalTokens",
            "estimatedCompletion", "startedAt", "completedAt",
        )
    },
}  # fmt: skip

ITEM: Final[Example] = {
    "seq": 12,
    "messageId": _MESSAGE_ID,
    "externalId": "3EB0C431C26A1D2F4B7A",
    "file": "2026/06/voice-12.ogg",
    "chatId": _CHAT_ID,
    "contentType": "audio",
    "status": "processed",
    "errorCode": None,
    "error": None,
    "provider": "groq",
    "model": "whisper-large-v3-turbo",
    "language": "pt",
    "costUsd": 0.00011111,
    "tokens": 0,
    "reused": False,
    "processingMs": 412,
    "startedAt": "2026-06-30T12:00:04.100Z",
    "finishedAt": "2026-06-30T12:00:04.512Z",
}
FAILED_ITEM: Final[Example] = ITEM | {
    "seq": 13,
    "messageId": "2d8a55e3-1b62-4c7b-88a2-8b1e3b8cf005",
    "externalId": "3EB0D542D37B2E305C8B",
    "file": "2026/06/voice-13.ogg",
    "status": "failed",
    "errorCode": "media_not_found",
    "error": "there is no file 2026/06/voice-13.ogg in the media folder",
    "provider": None,
    "model": None,
    "language": None,
    "costUsd": 0,
    "processingMs": 1,
}
ITEMS: Final[Example] = {"items": [ITEM, FAILED_ITEM], "nextCursor": "seq-13"}
ITEMS_WITH_TEXT: Final[Example] = {
    "items": [ITEM | {"text": "Oi! Chego às oito."}],
    "nextCursor": None,
}
DETAILS: Final[Example] = {
    "jobId": _JOB_ID,
    "status": "completed",
    "processedItems": [ITEM],
    "failedItems": [FAILED_ITEM],
    "nextProcessedCursor": "seq-12",
    "nextFailedCursor": None,
    "resultsSummary": COMPLETED["resultsSummary"],
    "estimate": {
        "lowCostUsd": 0.019,
        "estimatedCostUsd": 0.028,
        "highCostUsd": 0.044,
        "estimatedDurationSeconds": 36.2,
        "unpricedItems": 0,
        "providers": {"audio": "groq whisper-large-v3-turbo", "image": "google gemini-2.5-flash"},
    },
    "actual": {
        "costUsd": 0.02713,
        "unpricedItems": 0,
        "reusedItems": 4,
        "durationSeconds": 39.4,
    },
}
EVENT: Final[Example] = {
    "id": 4711,
    "jobId": _JOB_ID,
    "instanceId": _INSTANCE_ID,
    "type": "paused",
    "actor": "operations (API key)",
    "details": None,
    "createdAt": "2026-06-30T12:00:20.000Z",
}
EVENTS: Final[Example] = {"items": [EVENT], "nextCursor": None}

_AUDIO: Final[Example] = {
    "found": 64,
    "alreadyDone": 0,
    "toProcess": 64,
    "knownSeconds": 812.4,
    "knownPages": None,
    "knownBytes": 1954210,
    "provider": "groq",
    "model": "whisper-large-v3-turbo",
    "lowCostUsd": 0.00902667,
    "estimatedCostUsd": 0.00902667,
    "highCostUsd": 0.00902667,
    "lowDurationSeconds": 1.6,
    "estimatedDurationSeconds": 3.2,
    "highDurationSeconds": 9.6,
}
_IMAGE: Final[Example] = {
    "found": 66,
    "alreadyDone": 23,
    "toProcess": 43,
    "knownSeconds": None,
    "knownPages": None,
    "knownBytes": 9120448,
    "provider": "google",
    "model": "gemini-2.5-flash",
    "lowCostUsd": 0.011,
    "estimatedCostUsd": 0.019,
    "highCostUsd": 0.035,
    "lowDurationSeconds": 10.1,
    "estimatedDurationSeconds": 18.3,
    "highDurationSeconds": 40,
}
ESTIMATE: Final[Example] = {
    "jobType": "targeted_chat_sync",
    "instanceId": _INSTANCE_ID,
    "chatId": _CHAT_ID,
    "totalFound": 130,
    "skippedItems": 23,
    "totalItems": 107,
    "audioCount": 64,
    "imageCount": 43,
    "videoCount": 0,
    "documentCount": 0,
    "contentTypes": {"audio": _AUDIO, "image": _IMAGE},
    "lowCostUsd": 0.02002667,
    "estimatedCostUsd": 0.02802667,
    "highCostUsd": 0.04402667,
    "lowDurationSeconds": 11.7,
    "estimatedDurationSeconds": 21.5,
    "highDurationSeconds": 49.6,
    "estimatedDurationMinutes": 0.36,
    "warnings": ["no worker is running: the job would wait for one"],
}

CHANGES: Final[Example] = {"priority": 50, "lanes": 16, "maxCostUsd": 5}
RETRY: Final[Example] = {"language": "pt", "maxCostUsd": None}

REPORT_CSV = (
    "seq,messageId,externalId,file,chatId,contentType,status,errorCode,error,provider,model,"
    "language,costUsd,tokens,reused,processingMs,startedAt,finishedAt\r\n"
    f"12,{_MESSAGE_ID},3EB0C431C26A1D2F4B7A,2026/06/voice-12.ogg,{_CHAT_ID},audio,processed,,,groq,"
    "whisper-large-v3-turbo,pt,0.00011111,0,false,412,2026-06-30T12:00:04.100Z,"
    "2026-06-30T12:00:04.512Z\r\n"
)
REPORT_NDJSON = (
    f'{{"seq" : 12, "messageId" : "{_MESSAGE_ID}", "contentType" : "audio", "status" :'
    ' "processed", "costUsd" : 0.00011111}\n'
)
STREAM = (
    "event: job\n"
    f'data: {{"jobId": "{_JOB_ID}", "status": "processing", "progressPercent": 78.5, ...}}\n\n'
    "event: life\n"
    "id: 4711\n"
    f'data: {{"id": 4711, "jobId": "{_JOB_ID}", "type": "paused", ...}}\n\n'
    ": still here\n\n"
)
WEBHOOK: Final[Example] = {
    "type": "batch_job.completed",
    "timestamp": "2026-06-30T12:00:39.480Z",
    "data": COMPLETED,
}
CALLBACK: Final[Example] = {
    "id": "7e9b2c64-4f0d-4c5e-b1a9-d0c3b2a1f006",
    "jobId": _JOB_ID,
    "type": "batch_job.completed",
    "url": "https://example.org/hooks/backscroll",
    "state": "queued",
    "createdAt": "2026-06-30T12:00:39.480Z",
    "nextAttemptAt": "2026-06-30T12:05:40.000Z",
    "endedAt": None,
    "attemptCount": 1,
    "attempts": [
        {
            "number": 1,
            "startedAt": "2026-06-30T12:00:39.510Z",
            "durationMs": 84,
            "statusCode": 502,
            "error": "answered 502",
            "response": "Bad Gateway",
        }
    ],
    "payload": WEBHOOK,
}
CALLBACKS: Final[Example] = {"items": [CALLBACK], "nextCursor": None}
REDELIVER: Final[Example] = {"id": CALLBACK["id"]}
REDELIVERED: Final[Example] = {"items": [CALLBACK]}

METRICS = '# TYPE backscroll_jobs gauge\nbackscroll_jobs{status="processing"} 1\n'
