"""Who says and sends what in the sample chat, scene by scene.

The words after a file are those that its text must contain, ignoring case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from demo import hostile, letters, records, snapshots, sounds
from demo.occasion import Occasion

Kind = Literal["text", "document", "picture", "audio", "video", "hostile"]
Maker = Callable[[Occasion], bytes]

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
PDF = "application/pdf"
ODT = "application/vnd.oasis.opendocument.text"
OPUS = "audio/ogg; codecs=opus"

MAREN, TOM, WALTER = "Maren Lindqvist", "Tom Okafor", "Walter Pryce"
YULIA, KENJI, PRIYA, ROSA = "Yulia Petrova", "Kenji Mori", "Priya Nair", "Rosa Amaral"


@dataclass(frozen=True, slots=True)
class Beat:
    """One message of the story; without a `mime_type` it is only text."""

    sender: str
    text: str | None = None
    kind: Kind = "text"
    mime_type: str | None = None
    path: str | None = None
    """The file's name; a path out of the chat's folder where there is no maker."""
    make: Maker | None = None
    """Writes the file; None if there is none at that path."""
    expected: tuple[str, ...] = ()
    seconds: float | None = None
    is_deleted: bool = False


def say(sender: str, text: str, *, is_deleted: bool = False) -> Beat:
    """A message of words only."""
    return Beat(sender, text, is_deleted=is_deleted)


def send(
    sender: str,
    path: str,
    mime_type: str,
    make: Maker,
    *expected: str,
    text: str | None = None,
    is_deleted: bool = False,
) -> Beat:
    """A document."""
    return Beat(sender, text, "document", mime_type, path, make, expected, is_deleted=is_deleted)


def show(
    sender: str,
    path: str,
    make: Maker,
    *expected: str,
    text: str | None = None,
    mime_type: str = "image/jpeg",
    is_deleted: bool = False,
) -> Beat:
    """A picture."""
    return Beat(sender, text, "picture", mime_type, path, make, expected, is_deleted=is_deleted)


def play(sender: str, path: str, sound: sounds.Wave, seconds: float) -> Beat:
    """A recorded noise, as WAV."""

    def make(at: Occasion) -> bytes:
        return sounds.wav(sound, seconds, at.chance)

    return Beat(sender, None, "audio", "audio/wav", path, make, seconds=seconds)


def hold_the_button(sender: str, path: str, seconds: float) -> Beat:
    """A voice note, as Ogg Opus, in which nothing is said."""

    def make(at: Occasion) -> bytes:
        return sounds.silent_opus(seconds, at.chance)

    return Beat(sender, None, "audio", OPUS, path, make, seconds=seconds)


def trap(
    sender: str, path: str | None, mime_type: str, make: Maker | None = None, *expected: str
) -> Beat:
    """A broken or hostile file, or one that is not there."""
    return Beat(sender, None, "hostile", mime_type, path, make, expected)


png = partial(show, mime_type="image/png")
webp = partial(show, mime_type="image/webp")

THE_FIND = (
    say(WALTER, "Saw something in Nancarrow's barn today. Sit down, all of you."),
    show(WALTER, "sign.jpg", snapshots.for_sale, "sale", "lifeboat", "bakery"),
    show(WALTER, "barn.jpg", snapshots.barn_at_dusk, text="She is in there. Bow first."),
    send(PRIYA, "advert.html", "text/html", records.advert, "swallows", "1936"),
    say(MAREN, "How much is 'needs love' in pounds?"),
    show(MAREN, "nameplate.jpg", snapshots.nameplate, "kittiwake", "sandholt"),
    send(MAREN, "offer.rtf", "application/rtf", letters.advert_reply, "£800", "saturday"),
    webp(ROSA, "ahoy.webp", snapshots.ahoy_sticker, "ahoy"),
)

THE_PAPERS = (
    send(PRIYA, "agreement.pdf", PDF, letters.agreement, "sixteenths", "thumbnail", "arbitration"),
    send(TOM, "survey.pdf", PDF, letters.survey, "garboard", "keel", "swallow's", "9,400"),
    say(TOM, "He wrote 'worth saving'. He also wrote a number. Read both."),
    send(PRIYA, "minutes-1.docx", DOCX, letters.first_minutes, "bosun", "ropeworks", "trailer"),
    send(TOM, "budget.xlsx", XLSX, records.budget, "fastenings", "biscuits", "anonymous"),
    trap(TOM, "bank-statement.pdf", PDF, hostile.encrypted_pdf),
    say(YULIA, "What is the password, Tom?"),
    say(TOM, "I have no idea. I chose it at two in the morning."),
)

THE_MOVE = (
    send(MAREN, "permit.pdf", "Application/PDF", letters.permit, "abnormal", "escort", "nancarrow"),
    send(MAREN, "route.html", "text/html; charset=utf-8", records.route, "chapel", "bunting"),
    show(KENJI, "bridge.jpg", snapshots.wide_load_sign, "bridge", "tonnes"),
    show(TOM, "crane.jpg", snapshots.crane_receipt, "hoskins", "slings", "249.00"),
    trap(KENJI, "half-a-barn.png", "image/png", hostile.truncated_png),
    say(KENJI, "Sorry, no signal behind the barn. The picture stopped half way."),
    play(ROSA, "arrival-horn.wav", sounds.foghorn, 3),
    hold_the_button(WALTER, "walter-1.ogg", 4),
    say(PRIYA, "Walter, you have to talk while you hold it."),
)

THE_SHED = (
    send(KENJI, "shed-rules.odt", ODT, letters.shed_rules, "turpentine", "spokeshave"),
    send(MAREN, "rota.xlsx", XLSX, records.watch_rota, "week 12", "walter"),
    show(ROSA, "bosun.jpg", snapshots.ginger_cat, text="We have been adopted."),
    show(WALTER, "hull.jpg", snapshots.bare_planks),
    send(WALTER, "planks.csv", "text/csv", records.plank_survey, "hollow!", "starboard"),
    show(WALTER, "plank-list.jpg", snapshots.plank_list, "planks", "starboard", "rotten"),
    png(KENJI, "plan.png", snapshots.side_plan, "draught", "mizzen"),
    show(ROSA, "wrong-group.jpg", snapshots.spare_photo, "goose", is_deleted=True),
    trap(TOM, "materials-old.xlsx", XLSX, hostile.far_cell_xlsx),
    send(TOM, "materials.xlsx", XLSX, records.materials, "oakum", "tanbark"),
)

THE_TIN = (
    say(WALTER, "Plank seven is off. There is a tin behind it. Nobody touch anything."),
    show(WALTER, "tin.jpg", snapshots.tobacco_tin, "gull", "navy", "tobacco"),
    show(WALTER, "letter.jpg", snapshots.letter_from_the_tin, "plank", "marlowe", "deckhand"),
    say(ROSA, "I am crying on a cat"),
    send(PRIYA, "minutes-2.docx", DOCX, letters.second_minutes, "tobacco", "kettle"),
    send(PRIYA, "logbook.pdf", PDF, letters.logbook_scan, "perseus", "tiller", "lantern"),
    say(PRIYA, "From the harbour museum: the logbook of that night. E. Marlowe at the tiller!"),
    webp(KENJI, "ring.webp", snapshots.ring_sticker),
)

THE_WOOD = (
    send(TOM, "invoice-3307.pdf", PDF, letters.timber_invoice, "tregenza", "boatskin", "1,960.00"),
    send(KENJI, "saw.txt", "text/plain", records.japanese_saw_note, "鋸", "森健二"),
    send(KENJI, "steaming.pptx", PPTX, letters.steaming_lesson, "steambox", "nobody else counts"),
    show(MAREN, "board.jpg", snapshots.to_do_board, "garboard", "diesel", "gloves"),
    show(TOM, "rivets.jpg", snapshots.screws_receipt, "rivets", "linseed", "219.80"),
    hold_the_button(WALTER, "walter-2.ogg", 9),
    trap(KENJI, "lines-drawing.png", "image/png", hostile.huge_png),
    say(KENJI, "The lines drawing at full size, so that you see every pencil stroke."),
    webp(ROSA, "heave.webp", snapshots.heave_sticker, "heave"),
)

THE_ENGINE = (
    show(YULIA, "engine-plate.jpg", snapshots.engine_plate, "halvorsen", "40817"),
    send(YULIA, "handbook.pdf", PDF, letters.engine_manual, "decompression", "banjo", "optimism"),
    send(
        *(YULIA, "varna.txt", "text/plain; charset=windows-1251", records.bulgarian_offer),
        *("Халворсен", "пристанището"),
        text="Stoyan in Varna has two nozzles, new, since 1974.",
    ),
    png(YULIA, "customs.png", snapshots.tracking_screenshot, "customs", "varna"),
    show(YULIA, "oil.jpg", snapshots.oil_tin, "marine", "sae", "litres"),
    play(YULIA, "first-cough.wav", sounds.engine, 2.5),
    send(YULIA, "diary.md", "text/markdown", records.engine_diary, "flywheel", "thump"),
    trap(YULIA, "engine-running.mp4", "video/mp4", hostile.playlist_named_mp4),
    send(PRIYA, "contacts.json", "application/json", records.contacts, "dimitrov", "sailmaker"),
)

THE_MONEY = (
    send(TOM, "expenses.csv", "text/csv; charset=utf-8", records.expenses, "whetstone", "sardines"),
    show(TOM, "money.jpg", snapshots.money_board, "larch", "1548", "quiz"),
    send(PRIYA, "minutes-3.docx", DOCX, letters.crisis_minutes, "shortfall", "chisels"),
    say(KENJI, "For the record: I voted against selling my chisels."),
    send(MAREN, "pitch.pptx", PPTX, letters.pitch, "lifeboat", "incalculable", "mention the buns"),
    png(ROSA, "quiz.png", snapshots.quiz_poster, "quiz", "lobster"),
    trap(TOM, "grant-form.docx", DOCX, hostile.zip_bomb_docx),
    say(TOM, "The council's grant form. My laptop has been opening it since lunch."),
    trap(TOM, "grant-form-signed.pdf", PDF, hostile.empty_file),
)

THE_QUIZ = (
    send(ROSA, "scores.csv", "TEXT/CSV", records.quiz_scores, "barnacle", "rascals"),
    play(ROSA, "pub-bell.wav", sounds.bell, 3),
    play(ROSA, "quizmaster.wav", sounds.babble, 4),
    png(TOM, "balance.png", snapshots.bank_screenshot, "anonymous", "deposit"),
    say(TOM, "We are solvent! Who is Anonymous? The baker is whistling suspiciously."),
    show(ROSA, "buns.jpg", snapshots.bakery_receipt, "saffron", "pasties", mime_type="IMAGE/JPEG"),
    say(TOM, "It is the baker. He begged me not to tell.", is_deleted=True),
)

THE_FAMILY = (
    send(PRIYA, "archive.pdf", PDF, letters.archive_reply, "coxswain", "netmaker", "afraid"),
    png(PRIYA, "search.png", snapshots.family_screenshot, "whitcombe", "granddaughter"),
    say(PRIYA, "There is a granddaughter. Clara, in Bristol. I am ringing her now."),
    hold_the_button(PRIYA, "priya.ogg", 6),
    trap(PRIYA, "clara.jpg", "image/jpeg", hostile.webpage_named_jpg),
    send(ROSA, "messenger.html", "text/html", records.newsletter, "heroine", "perseus"),
    say(ROSA, "She has a dog. She is bringing the dog."),
)

THE_PAINT = (
    show(WALTER, "primer.jpg", snapshots.primer_tin, "lead", "primer"),
    show(MAREN, "blue.jpg", snapshots.paint_tin, "lifeboat", "blue"),
    send(KENJI, "moisture.json", "application/json", records.moisture, "hygrotec"),
    show(MAREN, "varnish.jpg", snapshots.varnish_receipt, "varnish", "badger", "102.55"),
    show(ROSA, "bosun-again.jpg", snapshots.sooty_cat, text="He slept in the bilge. Or the tar."),
    send(WALTER, "caulking.doc", "application/msword", letters.caulking_notes, "oakum", "140 °C"),
    trap(WALTER, "spare-key.pdf", PDF, hostile.text_named_pdf, "admiral codfish"),
    trap(WALTER, "minutes-lost.docx", DOCX, hostile.truncated_docx),
    send(MAREN, "to-do.md", "text/markdown", records.to_do_list, "antifouling", "puddle"),
)

THE_HARBOUR = (
    send(TOM, "quotation.pdf", "APPLICATION/PDF", letters.insurance, "premium", "shipworm", "cats"),
    send(PRIYA, "rules.pdf", PDF, letters.mooring_rules, "bagpipes", "bowsprit"),
    send(PRIYA, "rosewarne.docx", DOCX, letters.harbour_letter, "rosewarne", "winch"),
    send(PRIYA, "reply.doc", "application/msword", letters.old_word_letter, "winch", "blessing"),
    show(MAREN, "slipway.jpg", snapshots.slipway_sign, "harbour", "slipway"),
    send(MAREN, "tides.csv", "text/csv", records.tides, "springs, slipway usable"),
    show(TOM, "anchor.jpg", snapshots.anchor_receipt, "anchor", "shackle", "279.50"),
    trap(TOM, "../../etc/passwd", "text/plain"),
    trap(TOM, "/etc/hostname", "text/plain"),
    trap(PRIYA, None, "image/jpeg"),
    say(PRIYA, "Did the photo of the winch arrive? It says 'waiting for this message'."),
)

THE_SAIL = (
    send(KENJI, "lanyon.txt", "text/plain", records.sailmaker_quote, "lugsail", "£640"),
    webp(ROSA, "rain.webp", snapshots.rainy_harbour),
    png(MAREN, "forecast.png", snapshots.weather_screenshot, "gale", "drizzle"),
    send(WALTER, "shanty.txt", "text/plain", records.shanty, "haul away", "swallows"),
    play(WALTER, "shanty-rehearsal.wav", sounds.babble, 5),
    send(PRIYA, "minutes-4.docx", DOCX, letters.last_minutes, "trombones", "eighty"),
    send(
        *(TOM, "speech-1.docx", DOCX, letters.speech, "colander"),
        text="First draft. Please be kind.",
        is_deleted=True,
    ),
    trap(WALTER, "song-sheet.pdf", PDF),
    say(WALTER, "I deleted the song sheet to save space. We sing from memory."),
)

THE_PLANS = (
    send(ROSA, "moqueca.docx", DOCX, letters.moqueca, "dendê", "coentro", "12 kg"),
    send(PRIYA, "guests.xlsx", XLSX, records.guests, "euphonium", "whitcombe"),
    send(PRIYA, "programme.pdf", PDF, letters.programme, "cider", "brevity"),
    png(ROSA, "launch.png", snapshots.launch_poster, "launch", "slipway"),
    show(MAREN, "plaque.jpg", snapshots.brass_plaque, "edith", "sound"),
    play(YULIA, "engine-idling.wav", sounds.engine, 4),
    trap(KENJI, "wiring.json", "application/json", hostile.deep_json),
    send(TOM, "speech-3.docx", DOCX, letters.speech, "colander", "bristol"),
)

THE_LAUNCH = (
    say(MAREN, "High water at noon. Bung in. I repeat: BUNG IN."),
    show(ROSA, "morning.jpg", snapshots.calm_harbour),
    Beat(
        ROSA, "There she goes!!", "video", "video/quicktime", "launch.mov", snapshots.launch_film,
        seconds=3,
    ),
    play(ROSA, "two-bells.wav", sounds.bell, 3),
    play(MAREN, "harbour-horn.wav", sounds.foghorn, 3),
    show(KENJI, "cake.jpg", snapshots.cake_photo, "kittiwake"),
    show(ROSA, "stew.jpg", snapshots.stew, text="Eighty plates. Nobody stirred."),
    send(PRIYA, "clara.odt", ODT, letters.thank_you, "grandmother", "eleven years"),
    say(WALTER, "She floats. I said so in the barn. Good night."),
)  # fmt: skip

SCENES = (
    *(THE_FIND, THE_PAPERS, THE_MOVE, THE_SHED, THE_TIN, THE_WOOD, THE_ENGINE, THE_MONEY),
    *(THE_QUIZ, THE_FAMILY, THE_PAINT, THE_HARBOUR, THE_SAIL, THE_PLANS, THE_LAUNCH),
)
