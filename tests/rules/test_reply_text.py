"""Quote heads of many programs are recognised; people's own sentences are not."""

from __future__ import annotations

import time

import pytest

from bot.rules.reply_text import new_words

ANSWER = "Oto numer umowy."
ORIGINAL = "Prosimy o numer umowy."


@pytest.mark.parametrize(
    "head",
    [
        "W dniu 20.11.2026 o 09:58, HEZO 360 pisze:",
        "W dniu 2026-11-20 09:58, HEZO 360 napisał(a):",
        "W dniu 20 lis 2026, o godz. 09:58, HEZO 360 <pomoc@myhezo.pl> napisał(a):",
        "W dniu pt., 20.11.2026 o 09:58 HEZO 360 <pomoc@myhezo.pl> napisał(a):",
        "W dniu pt., 20 lis 2026 o 09:58 HEZO 360\n<pomoc@myhezo.pl>\nnapisał(a):",
        "W dniu 2026-11-20 09:58:12 użytkownik HEZO 360 <pomoc@myhezo.pl> napisał:",
        "Użytkownik HEZO 360 <pomoc@myhezo.pl> napisał:",
        "pt., 20 lis 2026 o 09:58 HEZO 360 <pomoc@myhezo.pl> napisał(a):",
        "Dnia 20 listopada 2026 09:58 HEZO 360 <pomoc@myhezo.pl> napisał(a):",
        "Dnia 20-11-2026 o godz. 9:58 HEZO 360 napisał(a):",
        "Dnia 20.11.2026 o godz. 09:58 HEZO 360 <pomoc@myhezo.pl> napisał(a):",
        "Wiadomość napisana przez HEZO 360 w dniu 20 lis 2026, o godz. 09:58:",
        "piątek, 20 listopada 2026 9:58 AM, HEZO 360 <pomoc@myhezo.pl> napisał(a):",
        "2026-11-20 9:58 GMT+01:00 HEZO 360 <pomoc@myhezo.pl>:",
        "HEZO 360 <pomoc@myhezo.pl> napisał(a):",
        "On Fri, Nov 20, 2026 at 9:58 AM HEZO 360 <pomoc@myhezo.pl> wrote:",
        "On 20/11/2026 09:58, HEZO 360 wrote:",
        "On 20 Nov 2026, at 09:58, HEZO 360 <pomoc@myhezo.pl> wrote:",
        "On Friday, November 20th, 2026 at 9:58 AM, HEZO 360 <pomoc@myhezo.pl> wrote:",
        "-----Original Message-----",
        "----- Oryginalna wiadomość -----",
        "-------- Wiadomość oryginalna --------",
        "From: HEZO 360 <pomoc@myhezo.pl>\nSent: Friday, November 20, 2026 9:58 AM\nTo: Jan\nSubject: x\n",
        "*From:* HEZO 360\n*Sent:* Friday, November 20, 2026 9:58 AM\n*To:* Jan\n*Subject:* x\n",
        "Od: HEZO 360\nWysłano: piątek, 20 listopada 2026 09:58\nDo: Jan\nTemat: x\n",
        "Od: HEZO 360\n\nData: 20.11.2026 09:58\n\nDo: Jan\n\nTemat: x\n",
        "________________________________\nFrom: HEZO 360\nSent: 20 November 2026 09:58\nTo: Jan\nSubject: x\n",
        "Od:HEZO 360\nTemat:x\nData:20 listopada 2026 09:58\nDo:Jan",
    ],
)
def test_heads_cut_what_they_introduce(head: str) -> None:
    words = new_words(f"{ANSWER}\n\n{head}\n{ORIGINAL}")
    assert (words.new_text, words.cut) == (ANSWER, True)
    assert words.quoted_text == f"{head}\n{ORIGINAL}"


@pytest.mark.parametrize(
    "text",
    [
        "Wczoraj było dobrze.\nW dniu 20.11.2026 kolega napisał:\nurządzenie nie wstaje",
        "Dziś.\nOn Friday my colleague wrote:\nthe device is down",
        "Log:\n2026-11-20 09:58 administrator pisze:\nreboot",
        "Od: Jan Kowalski\nDo: serwis\nTemat: awaria\n\nNie działa.",
        "Awaria.\nOd: poniedziałku\nData: nie pamiętam\nTemat: zasilanie",
        "Lista:\n> pierwszy\n> drugi\n> trzeci",
        "Wynik:\n------------------\nport1 up\n------------------\nport2 down",
        "From: here it is down.\nTo: be fixed.",
        "Oryginalna wiadomość w załączniku.\nNie działa.",
    ],
)
def test_in_doubt_nothing_is_cut(text: str) -> None:
    words = new_words(text)
    assert (words.new_text, words.quoted_text, words.cut) == (text, "", False)


@pytest.mark.parametrize(
    "marker",
    [
        "---------- Forwarded message ---------",
        "---------- Przekazana wiadomość ---------",
        "-------- Treść przekazanej wiadomości --------",
        "Begin forwarded message:",
        "Początek przekazywanej wiadomości:",
    ],
)
def test_forwarded_mails_keep_their_content(marker: str) -> None:
    head = "From: Jan\nDate: 20.11.2026 08:10\nTo: x\nSubject: y"
    text = f"Do obsługi.\n\n{marker}\n{head}\n\n{ORIGINAL}\n> starsze\n>> stare"
    assert new_words(text).new_text == text


def test_an_answer_about_a_forwarded_mail_is_cut_above_it() -> None:
    quoted = "W dniu 20.11.2026 o 09:58, HEZO 360 pisze:\n> a\n> ---------- Forwarded message ---------\n> b"
    assert new_words(f"{ANSWER}\n{quoted}").quoted_text == quoted


def test_answers_below_and_between_marked_lines_stay() -> None:
    text = f"W dniu 20.11.2026 o 09:58, HEZO pisze:\n> {ORIGINAL}\n{ANSWER}\n> Priorytet?\nkrytyczny"
    words = new_words(text)
    assert words.new_text == f"{ANSWER}\nkrytyczny"
    assert words.quoted_text == f"W dniu 20.11.2026 o 09:58, HEZO pisze:\n> {ORIGINAL}\n> Priorytet?"


def test_a_forwarding_subject_keeps_outlook_blocks() -> None:
    text = f"{ANSWER}\n\nOd: Jan\nWysłano: 20 listopada 2026 08:10\nDo: x\nTemat: y\n\n{ORIGINAL}"
    assert new_words(text, "PD: awaria").new_text == text
    assert new_words(text, "ODP: PD: awaria").new_text == ANSWER


@pytest.mark.parametrize(
    ("text", "new"),
    [
        (f"{ANSWER}\n-- \nJan\ntel. 22 123", ANSWER),
        (f"{ANSWER}\n--\nJan", ANSWER),
        ("-- \nJan", "-- \nJan"),
        (f"{ANSWER}\n-- \n" + "\n".join(f"wiersz {n}" for n in range(40)), None),
        (f"{ANSWER}\n---\nJan", None),
    ],
)
def test_signatures_are_recognised_with_care(text: str, new: str | None) -> None:
    assert new_words(text).new_text == (text if new is None else new)


@pytest.mark.parametrize(
    "line", ["> x", "W dniu 20.11.2026 o", "Od: x", "-----", "-- ", "On " + "a " * 200, " " * 400 + "x", "1.1.1 <a@b>"]
)
def test_large_texts_take_no_time(line: str) -> None:
    text = "\n".join([line] * (500_000 // (len(line) + 1)))
    started = time.perf_counter()
    new_words(text)
    assert time.perf_counter() - started < 2
