"""What stands in the letters, minutes and papers of the sample chat."""

from __future__ import annotations

from demo import pictures
from demo.documents import Table, docx, odt, pptx, rtf
from demo.occasion import Occasion
from demo.pdf import PicturePage, TextPage, write_pdf

# PDF


def agreement(at: Occasion) -> bytes:
    first = [
        "# Agreement of the Kittiwake syndicate",
        f"Made at Sandholt on {at.day} between Maren Lindqvist, Tom Okafor, Walter Pryce, "
        "Yulia Petrova, Kenji Mori and Priya Nair.",
        "",
        "1. The six own the lifeboat Kittiwake in equal sixteenths, the remaining ten sixteenths "
        "belonging to the boat herself, who cannot be outvoted.",
        "2. Nobody buys anything over fifty pounds without asking Tom.",
    ]
    second = [
        "# Duties",
        "3. Walter decides what is rotten. His thumbnail is final.",
        "4. Yulia alone may swear at the engine.",
        "5. The ship's cat is fed by whoever locks the shed.",
    ]
    third = [
        "# Dissolution",
        "6. If the boat sinks, the syndicate meets in the Lobster Pot until it feels better.",
        "7. Disputes go to arbitration by Rosa, over supper.",
    ]
    return write_pdf("Agreement", [TextPage(first), TextPage(second), TextPage(third)])


def survey(at: Occasion) -> bytes:
    hull = [
        "# Condition survey: Kittiwake, lifeboat, 1936",
        f"Inspected by D. Harkness, surveyor, on {at.day}, ashore, in a barn, by torchlight.",
        "Hull: double diagonal larch on Canadian elm. Four planks are to be renewed. "
        "The garboard strake weeps at frame nine.",
    ]
    frames = [
        "# Frames and keel",
        "Three ribs are cracked at the turn of the bilge. The keel is sound: 34 hammer "
        "blows, 34 clean notes. Keel bolts should be drawn and replaced.",
    ]
    machinery = [
        "# Machinery",
        "A Halvorsen H2 diesel of 18 horsepower, seized. A swallow's nest was found in the "
        "exhaust (vacated).",
    ]
    opinion = [
        "# Opinion",
        "Worth saving. Estimated cost of repair 9,400 pounds; value afterwards rather less, "
        "except to those who do it.",
    ]
    return write_pdf("Survey", [TextPage(p) for p in (hull, frames, machinery, opinion)])


def permit(at: Occasion) -> bytes:
    lines = [
        "# Permit for an abnormal load",
        f"Valid for one day: {at.day}. Reference AL/2291.",
        "Vehicle: farm tractor with boat trailer. Width 2.9 m, height 3.6 m.",
        "Route: Barn Lane, Chapel Hill, Fore Street, Sandholt Quay. The weak bridge at Nancarrow "
        "is to be avoided. An escort walks ahead with a red flag.",
    ]
    return write_pdf("Permit", [TextPage(lines)])


def timber_invoice(at: Occasion) -> bytes:
    lines = [
        "# Invoice 3307: Tregenza Sawmill",
        f"Date: {at.day}. To: the Kittiwake syndicate.",
        "Larch, boatskin grade, air dried, 14 boards of 5.5 m ..... 1,610.00",
        "Oak for steaming, green, 9 lengths ..... 210.00",
        "Delivery to Sandholt ..... 140.00",
        "Total due within thirty days: GBP 1,960.00",
        "Please do not store larch where the cat sleeps.",
    ]
    return write_pdf("Invoice 3307", [TextPage(lines)])


def engine_manual(at: Occasion) -> bytes:
    chapters = {
        "Starting from cold": "Open the decompression lever. Swing the handle briskly until the "
        "flywheel carries itself, then close the lever. Keep the thumb on the same side as the "
        "fingers, or lose it.",
        "Bleeding the fuel system": "Slacken the banjo bolt at the filter and pump by hand until "
        "no bubbles appear. Repeat at each injector.",
        "Cooling water": "The impeller is of rubber and perishes. Carry two spares and a "
        "screwdriver on a string.",
        "Lubrication": "Use SAE 30 only. Change every hundred hours. The dipstick lies "
        "by a finger.",
        "Faults": "White smoke: water. Blue smoke: oil. Black smoke: optimism.",
    }
    pages = [
        TextPage([f"# Halvorsen H2, chapter {number}: {title}", "", text])
        for number, (title, text) in enumerate(chapters.items(), start=1)
    ]
    return write_pdf("Halvorsen H2 handbook", pages)


def insurance(at: Occasion) -> bytes:
    cover = [
        "# Quotation Q-58113: wooden vessel, under restoration",
        f"Prepared on {at.day} for M. Lindqvist.",
        "Agreed value 6,000. Annual premium 187.40. Excess 250.",
    ]
    exclusions = [
        "# What is not covered",
        "Shipworm, gradual deterioration, racing, and any loss caused by animals on board, "
        "including but not limited to cats.",
    ]
    return write_pdf("Quotation", [TextPage(cover), TextPage(exclusions)])


def mooring_rules(at: Occasion) -> bytes:
    lines = [
        "# Sandholt Harbour: rules for moorings",
        "a) Berths are let by the length of the vessel, bowsprit included.",
        "b) Bilge water is not to be pumped within the breakwater.",
        "c) Bagpipes are forbidden after nine in the evening.",
        "d) Each vessel shows a riding light (white, all round).",
    ]
    return write_pdf("Mooring rules", [TextPage(lines)])


def logbook_scan(at: Occasion) -> bytes:
    lines = [
        "3 Nov. Wind north west, gale.",
        "Launched at dusk to the Perseus.",
        "Nine men taken off, one dog.",
        "E. Marlowe at the tiller.",
        "Plank seven stove in.",
        "Home by lantern, no breakfast.",
    ]
    return write_pdf("Scan", [_scanned(at, "Logbook 1951", lines)])


def archive_reply(at: Occasion) -> bytes:
    letter = [
        "# Sandholt Parish Archive",
        f"{at.day}. Dear Ms Nair, Edith Marlowe appears in our register of volunteers from 1946. "
        "She was the only woman in the crew, and signed on as a cook to get past the coxswain.",
        "A copy of her entry is on the next page.",
    ]
    entry = ["Marlowe, Edith. Aged 17.", "Trade: netmaker.", "Swims: yes.", "Afraid: no."]
    return write_pdf("Reply", [TextPage(letter), _scanned(at, "Register of crew", entry)])


def programme(at: Occasion) -> bytes:
    lines = [
        "# Launch of the Kittiwake: order of the day",
        "10:30 The brass band assembles and is given buns",
        "11:15 Speeches, of which Tom promises brevity",
        "11:40 Clara Whitcombe breaks a bottle of cider on the stem",
        "12:00 High water: the boat goes down the slip",
        "12:05 The bell is rung twice, for Edith",
        "13:00 Stew for everyone in the net loft",
    ]
    return write_pdf("Programme", [TextPage(lines)])


def _scanned(at: Occasion, title: str, lines: list[str]) -> PicturePage:
    sheet = pictures.typed_sheet(at.chance, title, lines)
    return PicturePage(pictures.jpeg(sheet, 60), sheet.width, sheet.height)


# Word


def first_minutes(at: Occasion) -> bytes:
    lines = [
        f"# Minutes, {at.day}",
        "Present: everyone, and Bosun the cat, who sat on the agenda.",
        "Resolved: to buy the lifeboat for 800 pounds and a promise to invite the baker.",
        "Resolved: the shed behind the ropeworks is rented for a year.",
    ]
    tasks = [["Task", "Who"], ["Find a trailer", "Maren"], ["Bank account", "Tom"]]
    return docx(lines, [*tasks, ["Look for worm", "Walter"]])


def second_minutes(at: Occasion) -> bytes:
    lines = [
        f"# Minutes, {at.day}",
        "Walter reported that plank seven was hollow. Behind it lay a tobacco tin with a letter.",
        "Resolved: to find the family of Edith Marlowe. Priya writes to the parish archive.",
        "Any other business: the kettle is condemned.",
    ]
    return docx(lines)


def crisis_minutes(at: Occasion) -> bytes:
    lines = [
        f"# Extraordinary meeting, {at.day}",
        "The treasurer explained the shortfall of 1,548 pounds, with a graph and a long silence.",
        "Proposals: a pub quiz (carried), a sponsored row (carried), selling Kenji's chisels "
        "(withdrawn).",
    ]
    votes: Table = [
        ["Proposal", "For", "Against"],
        ["Quiz", 6, 0],
        ["Row", 4, 2],
        ["Chisels", 1, 5],
    ]
    return docx(lines, votes)


def last_minutes(at: Occasion) -> bytes:
    lines = [
        f"# Minutes, {at.day}",
        "The date of the launch is fixed for the spring tide, as the slipway is dry otherwise.",
        "The brass band will play for buns. Rosa cooks for eighty.",
        "The harbour master insists on lifejackets for the trombones.",
    ]
    return docx(lines)


def harbour_letter(at: Occasion) -> bytes:
    lines = [
        f"Sandholt, {at.day}",
        "Dear Captain Rosewarne,",
        "we ask leave to use the slipway for the launch of the lifeboat Kittiwake, which last "
        "used it in 1958 without asking anybody.",
        "We need the winch, two hours of high water, and your blessing.",
        "Yours faithfully, Priya Nair, secretary",
    ]
    return docx(lines)


def moqueca(at: Occasion) -> bytes:
    lines = [
        "# Moqueca para oitenta pessoas",
        "Doze quilos de peixe branco, leite de coco, azeite de dendê, pimentões e coentro.",
        "Não mexa a panela: balance. Quem mexe, lava a louça.",
    ]
    amounts = [["Ingrediente", "Quantidade"], ["Peixe", "12 kg"], ["Leite de coco", "9 l"]]
    return docx(lines, [*amounts, ["Limão", "40"]])


def speech(at: Occasion) -> bytes:
    lines = [
        "# Speech, third draft, shorter",
        "Friends, trombones, countrymen. Ten months ago we bought a colander shaped like a boat.",
        "Edith asked that the bell be rung twice. We shall ring it so that Bristol hears.",
        "Then Clara, the cider, and off she goes.",
    ]
    return docx(lines)


# OpenDocument, rich text, slides


def shed_rules(at: Occasion) -> bytes:
    lines = ["# Rules of the shed", "Sharp things hang up. Wet brushes lie in turpentine."]
    return odt([*lines, "Whoever borrows the spokeshave writes it in the book. Yes, Kenji."])


def thank_you(at: Occasion) -> bytes:
    lines = [
        "# Thank you",
        "Dear all, my grandmother never spoke of the Perseus, only of the dog she pulled out: "
        "she called it Lantern, and it slept on her feet for eleven years.",
        "With love, Clara Whitcombe",
    ]
    return odt(lines)


def advert_reply(at: Occasion) -> bytes:
    lines = ["# Offer", "We offer £800 for the boat, the barn door, and the swallows' consent."]
    return rtf([*lines, "Cash on Saturday. Maren Lindqvist"])


def caulking_notes(at: Occasion) -> bytes:
    lines = [
        "# Caulking, as Walter does it",
        "Roll the oakum {not the cotton} to a finger's width.",
    ]
    return rtf([*lines, "Drive it with the mallet until the sound changes. Then pitch, at 140 °C."])


def old_word_letter(at: Occasion) -> bytes:
    lines = [f"Sandholt Harbour Office, {at.day}", "Dear Ms Nair, the winch is yours."]
    return rtf([*lines, "The blessing I keep until I have seen her float. R. Rosewarne"])


def pitch(at: Occasion) -> bytes:
    return pptx(
        [
            (
                "Why save a lifeboat?",
                ["Ninety years old", "Saved 61 people and a dog", "Smells of tar"],
                "Pause here until somebody asks about the dog.",
            ),
            (
                "What we need",
                ["Larch: 1,960", "Paint: 420", "Patience: incalculable"],
                "Do not mention the engine. Mention the buns.",
            ),
        ]
    )


def steaming_lesson(at: Occasion) -> bytes:
    return pptx(
        [
            (
                "Steaming oak ribs",
                ["One hour for each inch", "Gloves", "Twelve seconds to bend it"],
                "Walter counts aloud. Nobody else counts.",
            ),
            ("The steambox", ["Drainpipe", "Wallpaper stripper", "Old towels"], "Borrowed: Tom."),
        ]
    )
