"""What stands in the tables, lists, notes and web pages of the sample chat."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from demo.documents import Table, xlsx
from demo.occasion import Occasion


def _csv(rows: Sequence[Sequence[object]], delimiter: str = ",") -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    return buffer.getvalue().encode()


def _page(title: str, body: str) -> bytes:
    style = "<style>body { font-family: sans-serif; color: #234 }</style>"
    head = f"<head><meta charset='utf-8'><title>{title}</title>{style}</head>"
    return f"<!doctype html>\n<html lang='en'>{head}\n<body>{body}</body></html>\n".encode()


# Tables


def budget(at: Occasion) -> bytes:
    costs: Table = [
        ["Item", "Planned", "Spent"],
        ["Larch and oak", 2000, 1960],
        ["Bronze fastenings", 400, 219.8],
        ["Engine overhaul", 1500, 388.5],
        ["Paint and varnish", 420, 102.55],
        ["Biscuits", 20, 134.1],
    ]
    income: Table = [
        ["Source", "Amount"],
        ["Shares", 3600],
        ["Quiz night", 1184],
        ["Anonymous", 376],
    ]
    return xlsx({"Costs": costs, "Income": income})


def materials(at: Occasion) -> bytes:
    rows: Table = [
        ["Material", "Quantity", "Unit", "Supplier"],
        ["Copper rivets", 500, "pieces", "Penrose"],
        ["Oakum", 12, "kg", "Ropeworks"],
        ["Stockholm tar", 5, "l", "Penrose"],
        ["Sailcloth, tanbark", 26, "sqm", "Lanyon Sails"],
    ]
    return xlsx({"Materials": rows})


def watch_rota(at: Occasion) -> bytes:
    rows = [["Week", "Shed", "Cat", "Tea"]]
    crew = ["Maren", "Tom", "Walter", "Yulia", "Kenji", "Priya"]
    for week in range(12):
        turn = [crew[(week + place) % 6] for place in (0, 2, 4)]
        rows.append([f"Week {week + 1}", *turn])
    return xlsx({"Rota": rows})


def guests(at: Occasion) -> bytes:
    rows: Table = [
        ["Guest", "Seats", "Remark"],
        ["Clara Whitcombe", 3, "guest of honour, brings a dog"],
        ["Captain Rosewarne", 1, "no speeches before noon"],
        ["Sandholt Silver Band", 19, "vegetarian euphonium"],
        ["The baker", 2, "promised since the purchase"],
    ]
    return xlsx({"Guests": rows, "Tables": [["Table", "Host"], ["Port", "Rosa"], ["Stern", "Tom"]]})


def expenses(at: Occasion) -> bytes:
    rows = [
        ["paid_by", "for", "pounds"],
        ["Tom", "Shed rent, quarter", "225.00"],
        ["Yulia", "Injector nozzles", "164.00"],
        ["Kenji", "Whetstone, waterproof", "38.00"],
        ["Rosa", "Sardines (Bosun)", "11.40"],
    ]
    return _csv(rows)


def tides(at: Occasion) -> bytes:
    rows: list[list[object]] = [["day", "high water", "metres", "remark"]]
    for day in range(1, 15):
        minutes = (5 * 60 + 50 * day) % (12 * 60)
        height = f"{4.1 + 1.6 * (1 - abs(day - 8) / 8):.1f}".replace(".", ",")
        remark = "springs, slipway usable" if 6 <= day <= 10 else "neaps"
        rows.append([day, f"{minutes // 60 + 6}:{minutes % 60:02}", height, remark])
    return _csv(rows, delimiter=";")


def plank_survey(at: Occasion) -> bytes:
    verdicts = ("sound", "sound", "tired", "doubtful", "condemned")
    rows: list[list[object]] = [["plank", "side", "verdict"]]
    for number in range(1, 25):
        verdict = "hollow!" if number == 7 else at.chance.choice(verdicts)
        rows.append([number, "port" if number % 2 else "starboard", verdict])
    return _csv(rows)


def quiz_scores(at: Occasion) -> bytes:
    teams = ["Barnacle Bills", "Quizzy Rascals", "The Harbour Masterminds", "Cod Almighty"]
    return _csv([["team", "points"], *([team, at.chance.randint(19, 38)] for team in teams)])


def moisture(at: Occasion) -> bytes:
    readings = [
        {"frame": frame, "percent": round(at.chance.uniform(13, 19), 1)} for frame in range(1, 13)
    ]
    record = {"instrument": "Hygrotec pin meter", "verdict": "dry enough to paint"}
    return json.dumps(record | {"readings": readings}, indent=2).encode()


def contacts(at: Occasion) -> bytes:
    people = [
        {"name": "Stoyan Dimitrov", "for": "injector nozzles", "town": "Varna"},
        {"name": "R. Rosewarne", "for": "slipway and winch", "town": "Sandholt"},
        {"name": "Jory Lanyon", "for": "sailmaker", "town": "Penryn"},
    ]
    return json.dumps({"contacts": people}, ensure_ascii=False).encode()


# Plain text, in the encodings it comes in


def bulgarian_offer(at: Occasion) -> bytes:
    return (
        "Здравейте, Юлия!\r\n\r\n"
        "Имаме две дюзи за двигател Халворсен H2, нови, от стария склад в пристанището.\r\n"
        "Цената е 82 паунда за брой, с пощата до Англия за десет дни.\r\n"  # noqa: RUF001
        "Ако моторът пуши с бял дим, проверете първо помпата за вода.\r\n\r\n"  # noqa: RUF001
        "С уважение,\r\nСтоян Димитров, Варна\r\n"  # noqa: RUF001
    ).encode("cp1251")


def japanese_saw_note(at: Occasion) -> bytes:
    return (
        "鋸の使い方\r\n\r\n"
        "日本の鋸は引くときに切れます。押してはいけません。\r\n"
        "船の板を切るときは、線の外側をゆっくり引いてください。\r\n"
        "使ったあとは油をぬって、乾いた場所にしまいます。\r\n"
        "森健二\r\n"
    ).encode("shift_jis")


def shanty(at: Occasion) -> bytes:
    return (
        "The Kittiwake Shanty (tune: whatever the band knows)\n\n"
        "Oh, she lay in a barn with the swallows and straw,\n"
        "  Haul away, Kittiwake, haul!\n"
        "With a tin in her ribs that nobody saw,\n"
        "  Haul away, Kittiwake, haul!\n"
        "Ring it once for the dog and twice for the crew —\n"
        "  She's tarred and she's caulked and she's very nearly blue.\n"
    ).encode()


def sailmaker_quote(at: Occasion) -> bytes:
    return (
        "Lanyon Sails, Penryn\r\n"
        "Lugsail and mizzen in tanbark cloth, hand roped: £640\r\n"
        "Ready in five weeks, if the sewing machine is spared.\r\n"
    ).encode("utf-16")


def to_do_list(at: Occasion) -> bytes:
    return (
        b"# Before she floats\n\n"
        b"- [x] New planks: 2, 5, 7, 11\n"
        b"- [x] Ribs steamed\n"
        b"- [ ] Antifouling, **two** coats\n"
        b"- [ ] Bung in! (last time: see the puddle)\n"
        b"- [ ] Borrow a bell clapper from the chapel\n"
    )


def engine_diary(at: Occasion) -> bytes:
    return (
        b"# Engine diary\n\n"
        b"Day 1: seized. Filled the cylinders with diesel and hope.\n\n"
        b"Day 19: the flywheel moved *two degrees*. Cake.\n\n"
        b"Day 44: new nozzles from Varna. First bang, then a cough, then **thump thump thump**.\n"
    )


# Web pages


def advert(at: Occasion) -> bytes:
    return _page(
        "Lifeboat for sale",
        "<h1>Lifeboat, needs love</h1><p>Pulling and sailing lifeboat, 28 feet, built 1936. "
        "Dry stored since 1979. <b>Viewing by appointment with the swallows.</b></p>"
        "<script>trackVisitor('do not extract me')</script>"
        "<ul><li>Engine: present</li><li>Trailer: no</li></ul>",
    )


def route(at: Occasion) -> bytes:
    return _page(
        "Route",
        "<h1>Barn to ropeworks</h1><table><tr><th>Leg</th><th>Miles</th></tr>"
        "<tr><td>Chapel Hill</td><td>1.4</td></tr><tr><td>Fore Street (mind the bunting)</td>"
        "<td>0.6</td></tr></table>",
    )


def newsletter(at: Occasion) -> bytes:
    return _page(
        "Sandholt Messenger",
        f"<h1>Heroine of the Perseus remembered</h1><p>{at.day}. A letter hidden for over "
        "seventy years behind a plank has led the restorers of the <i>Kittiwake</i> to the "
        "granddaughter of deckhand Edith Marlowe.</p><p>&ldquo;We only wanted to fix a leak,"
        "&rdquo; said treasurer Tom Okafor.</p>",
    )
