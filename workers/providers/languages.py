"""Names of languages, as providers tell them, to ISO 639-1 codes."""

from __future__ import annotations

WHISPER_LANGUAGES = """
af afrikaans am amharic ar arabic as assamese az azerbaijani ba bashkir be belarusian bg bulgarian
bn bengali bo tibetan br breton bs bosnian ca catalan cs czech cy welsh da danish de german
el greek en english es spanish et estonian eu basque fa persian fi finnish fo faroese fr french
gl galician gu gujarati ha hausa he hebrew hi hindi hr croatian hu hungarian hy armenian
id indonesian is icelandic it italian ja japanese jw javanese ka georgian kk kazakh km khmer
kn kannada ko korean la latin lb luxembourgish ln lingala lo lao lt lithuanian lv latvian
mg malagasy mi maori mk macedonian ml malayalam mn mongolian mr marathi ms malay mt maltese
my myanmar ne nepali nl dutch nn nynorsk no norwegian oc occitan pa punjabi pl polish ps pashto
pt portuguese ro romanian ru russian sa sanskrit sd sindhi si sinhala sk slovak sl slovenian
sn shona so somali sq albanian sr serbian su sundanese sv swedish sw swahili ta tamil te telugu
tg tajik th thai tk turkmen tl tagalog tr turkish tt tatar uk ukrainian ur urdu uz uzbek
vi vietnamese yi yiddish yo yoruba yue cantonese zh chinese
"""
"""Codes and names in turn: Whisper's `tokenizer.LANGUAGES`, whose names OpenAI and Groq answer."""

_WORDS = WHISPER_LANGUAGES.split()
CODES = dict(zip(_WORDS[1::2], _WORDS[::2], strict=True))
LONGEST_CODE = 10


def code_of(language: object) -> str | None:
    """`Portuguese` or `pt` to `pt`; None for what is neither a known name nor short enough."""
    if not isinstance(language, str):
        return None
    language = language.strip().lower()
    code = CODES.get(language, language)
    return code if 0 < len(code) <= LONGEST_CODE and code != "unknown" else None


def primary(language: str | None) -> str | None:
    """`pt` of `pt-BR`: speech models know no regions."""
    return language.replace("_", "-").split("-")[0].lower() if language else None
