"""What is to be seen in the pictures of the sample chat."""

from __future__ import annotations

from demo import pictures
from demo.film import quicktime
from demo.occasion import Occasion
from demo.pictures import jpeg, png, webp


def for_sale(at: Occasion) -> bytes:
    return jpeg(pictures.sign(["FOR SALE", "Lifeboat 1936", "Ask at the bakery"], (122, 40, 36)))


def nameplate(at: Occasion) -> bytes:
    return jpeg_on_wood(at, ["KITTIWAKE", "Sandholt 1936"])


def jpeg_on_wood(at: Occasion, lines: list[str]) -> bytes:
    return jpeg(pictures.sign(lines, (96, 66, 44), (240, 214, 150)))


def barn_at_dusk(at: Occasion) -> bytes:
    return jpeg(pictures.barn(at.chance))


def wide_load_sign(at: Occasion) -> bytes:
    return jpeg(
        pictures.sign(["WEAK BRIDGE", "No vehicles", "over 6 tonnes"], (240, 196, 40), (30, 30, 30))
    )


def crane_receipt(at: Occasion) -> bytes:
    rows = [("Crane hire 2 hours", "180.00"), ("Slings", "24.00"), ("Banksman", "45.00")]
    return jpeg(pictures.receipt(at.chance, "Hoskins Lifting", [*rows, ("TOTAL", "249.00")]))


def screws_receipt(at: Occasion) -> bytes:
    rows = [
        ("Bronze screws 200", "68.40"),
        ("Copper rivets 500", "92.50"),
        ("Roves 500", "31.00"),
        ("Linseed oil 5 l", "27.90"),
    ]
    return jpeg(pictures.receipt(at.chance, "Chandlery Penrose", [*rows, ("TOTAL", "219.80")]))


def varnish_receipt(at: Occasion) -> bytes:
    rows = [("Varnish 2.5 l", "74.00"), ("Badger brush", "18.60"), ("Sandpaper", "9.95")]
    paper = pictures.receipt(at.chance, "Penrose Marine", [*rows, ("TOTAL", "102.55")])
    return pictures.jpeg_on_its_side(paper)


def bakery_receipt(at: Occasion) -> bytes:
    rows = [("Saffron buns 12", "14.40"), ("Pasties 6", "22.20"), ("Coffee 6", "15.00")]
    return jpeg(pictures.receipt(at.chance, "Bakery Trewin", [*rows, ("TOTAL", "51.60")]))


def anchor_receipt(at: Occasion) -> bytes:
    rows = [("Anchor 15 kg", "145.00"), ("Chain 30 m", "126.00"), ("Shackle", "8.50")]
    return jpeg(pictures.receipt(at.chance, "Harbour Surplus", [*rows, ("TOTAL", "279.50")]))


def plank_list(at: Occasion) -> bytes:
    lines = ["Planks to renew", "2  starboard  rotten", "5  starboard  split", "7  port  worm"]
    return jpeg(pictures.note(at.chance, [*lines, "11  port  ask Walter"]))


def letter_from_the_tin(at: Occasion) -> bytes:
    lines = [
        "To whoever opens this plank:",
        "we left her sound and dry.",
        "If she sails again, please",
        "ring the bell twice for us.",
        "Edith Marlowe, deckhand, 1951",
    ]
    return jpeg(pictures.note(at.chance, lines, (232, 214, 176)))


def tobacco_tin(at: Occasion) -> bytes:
    return jpeg(pictures.label(at.chance, ["Gull & Sons", "NAVY CUT", "Tobacco"], (150, 110, 50)))


def oil_tin(at: Occasion) -> bytes:
    return jpeg(pictures.label(at.chance, ["MARINE OIL", "SAE 30", "10 litres"], (40, 100, 70)))


def primer_tin(at: Occasion) -> bytes:
    lines = ["RED LEAD", "Primer", "Keep from children"]
    return jpeg(pictures.label(at.chance, lines, (170, 60, 44)))


def paint_tin(at: Occasion) -> bytes:
    return jpeg(pictures.label(at.chance, ["LIFEBOAT", "BLUE", "Gloss 2.5 l"], (40, 84, 160)))


def to_do_board(at: Occasion) -> bytes:
    lines = ["SATURDAY", "1 Caulk the garboard", "2 Steam three ribs", "3 Bleed the diesel"]
    return jpeg(
        pictures.whiteboard(at.chance, [*lines, "4 Feed Bosun", "5 Tea at four", "Bring gloves"])
    )


def money_board(at: Occasion) -> bytes:
    lines = ["MONEY", "In the tin   412", "Larch bill   1960", "Missing   1548", "PUB QUIZ ?"]
    return jpeg(pictures.whiteboard(at.chance, lines))


def quiz_poster(at: Occasion) -> bytes:
    lines = ["Friday at the Lobster Pot", "Teams of six", "Entry five pounds", "Save the lifeboat"]
    return png(pictures.poster("PUB QUIZ", lines, (132, 44, 52)))


def launch_poster(at: Occasion) -> bytes:
    lines = ["Sandholt slipway", "High water at noon", "Brass band and stew", "Everyone welcome"]
    return png(pictures.poster("LAUNCH DAY", lines, pictures.NAVY))


def bank_screenshot(at: Occasion) -> bytes:
    rows = [
        ("Balance", "1 972.40"),
        ("Lobster Pot quiz night", "+ 1 184.00"),
        ("Anonymous donation", "+ 376.00"),
    ]
    return png(pictures.screenshot("Kittiwake account", [*rows, ("Larch deposit", "- 490.00")]))


def weather_screenshot(at: Occasion) -> bytes:
    rows = [
        ("Saturday", "Gale warning, south west 8"),
        ("Sunday", "Rain then drizzle"),
        ("Monday", "Fair, light breeze"),
    ]
    return png(pictures.screenshot("Sandholt forecast", rows))


def family_screenshot(at: Occasion) -> bytes:
    rows = [
        ("Parish archive", "Marlowe, Edith born 1929"),
        ("Daughter", "Joan Marlowe, teacher"),
        ("Granddaughter", "Clara Whitcombe, Bristol"),
    ]
    return png(pictures.screenshot("Search results", rows))


def tracking_screenshot(at: Occasion) -> bytes:
    rows = [
        ("Parcel", "Injector nozzles, Varna"),
        ("Status", "Held at customs"),
        ("Next step", "Pay duty 23.10"),
    ]
    return png(pictures.screenshot("Parcel tracking", rows))


def side_plan(at: Occasion) -> bytes:
    words = [("Length 8.53 m", (60, 470)), ("Draught 0.9 m", (520, 470)), ("Mizzen mast", (60, 60))]
    return png(pictures.drawing([*words, ("Sail 22 sqm", (560, 60))]))


def slipway_sign(at: Occasion) -> bytes:
    return jpeg(pictures.sign(["HARBOUR OFFICE", "Slipway closed", "when flag is red"]))


def spare_photo(at: Occasion) -> bytes:
    return jpeg(pictures.sign(["KEEP OUT", "Guard goose"], (40, 40, 40), (250, 220, 60)))


def brass_plaque(at: Occasion) -> bytes:
    return jpeg(pictures.sign(["EDITH MARLOWE", "who left her", "sound and dry"], (150, 116, 50)))


def engine_plate(at: Occasion) -> bytes:
    lines = ["HALVORSEN", "Type H2  18 HP", "No 40817"]
    return jpeg(pictures.sign(lines, (54, 62, 58), (220, 222, 214)))


def cake_photo(at: Occasion) -> bytes:
    return jpeg(pictures.label(at.chance, ["WELL DONE", "KITTIWAKE"], (236, 170, 190)))


def calm_harbour(at: Occasion) -> bytes:
    return jpeg(pictures.harbour(at.chance))


def rainy_harbour(at: Occasion) -> bytes:
    return webp(pictures.harbour(at.chance, rain=True))


def ginger_cat(at: Occasion) -> bytes:
    return jpeg(pictures.ships_cat(at.chance, (206, 122, 52)))


def sooty_cat(at: Occasion) -> bytes:
    return jpeg(pictures.ships_cat(at.chance, (104, 78, 58), is_asleep=True))


def bare_planks(at: Occasion) -> bytes:
    return jpeg(pictures.planks(at.chance))


def stew(at: Occasion) -> bytes:
    return jpeg(pictures.supper(at.chance))


def ahoy_sticker(at: Occasion) -> bytes:
    return webp(pictures.sticker("AHOY", (206, 50, 44)))


def heave_sticker(at: Occasion) -> bytes:
    return webp(pictures.sticker("HEAVE", (36, 92, 160)))


def ring_sticker(at: Occasion) -> bytes:
    return webp(pictures.sticker("", (206, 50, 44)))


def launch_film(at: Occasion) -> bytes:
    frames = [jpeg(pictures.launch_frame(number / 23), 70) for number in range(24)]
    return quicktime(frames, 480, 270, per_second=8)
