"""Builds, from the settings, everything that turns media into text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from app.settings import Settings
from workers.processors.audio import OnlineAudio
from workers.processors.base import Processor
from workers.processors.document import DocumentProcessor
from workers.processors.image import ImageProcessor, OnlineImages
from workers.processors.limits import DocumentLimits, ImageLimits
from workers.processors.registry import Chain, Registry, chain_of
from workers.processors.video import OnlineVideo
from workers.providers import google, groq, openai, prompts
from workers.providers.answers import Transcriber, Viewer
from workers.providers.exchange import Account, Exchange
from workers.providers.gate import Gate, NoLimits
from workers.providers.timing import Clock, Patience
from workers.sandbox import Sandbox

PROVIDERS: Mapping[str, Any] = {"groq": groq, "openai": openai, "google": google}

