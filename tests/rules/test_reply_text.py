"""Quote heads of many programs are recognised; people's own sentences are not; footers go, words stay."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.rules.reply_text import new_words

ANSWER = "Oto numer umowy."
ORIGINAL = "Prosimy o numer umowy."

# "~" stands for a line end, so that the tables below stay readable.
HEADS = [
    # Thunderbird, Roundcube, Evolution, Claws, Mutt
    "W dniu 20.11.2026 o 09:58, HEZO 360 pisze:",
    "W dniu 2026-11-20 09:58, HEZO 360 napisał(a):",
    "W dniu 20.11.2026, pią o godzinie 10:15 +0100, użytkownik HEZO 360 napisał:",
    "W dniu pią, 2026-11-20 o godz. 10∶15 +0100, HEZO 360 pisze:",
    "Dnia 2026-11-20, o godz. 10:15:12~HEZO 360 <pomoc@myhezo.pl> napisał(a):",
    "On Fri, 20 Nov 2026 10:15:12 +0100~HEZO 360 <pomoc@myhezo.pl> wrote:",
    "On 20/11/2026 09:58, HEZO 360 wrote:",
    "On Fri, Nov 20, 2026 at 10:15:12AM +0100, HEZO 360 wrote:",
    # Gmail on the web and on phones
    "pt., 20 lis 2026 o 09:58 HEZO 360 <pomoc@myhezo.pl> napisał(a):",
    "czw., 19 lis 2026 o 10:15 HEZO 360 <pomoc@myhezo.pl> napisał(a):",
    "śr., 18 lis 2026, 10:15 użytkownik HEZO 360 <pomoc@myhezo.pl> napisał:",
    "W dniu pt., 20 lis 2026 o 09:58 HEZO 360~<pomoc@myhezo.pl>~napisał(a):",
    "W dniu pt., 20 lis 2026 o 10:15 „Kowalski, Jan” <pomoc@myhezo.pl> napisał(a):",
    "2026-11-20 9:58 GMT+01:00 HEZO 360 <pomoc@myhezo.pl>:",
    "On Fri, Nov 20, 2026 at 9:58 AM HEZO 360 <pomoc@myhezo.pl> wrote:",
    "On Fri, 20 Nov 2026, 10:15 HEZO 360, <pomoc@myhezo.pl> wrote:",
    "On Fri, Nov 20, 2026 at 10:15 AM HEZO 360 Technical Support Department of~the Company <~pomoc@myhezo.pl>~wrote:",
    # Apple Mail and iPhones
    "Wiadomość napisana przez HEZO 360 w dniu 20 lis 2026, o godz. 09:58:",
    "Wiadomość napisana przez HEZO 360 <pomoc@myhezo.pl>~w dniu 20 lis 2026, o godz. 10:15:",
    "W dniu 20 lis 2026, o godz. 09:58, HEZO 360 <pomoc@myhezo.pl> napisał(a):",
    "On 20 Nov 2026, at 10:15 PM, HEZO 360 <pomoc@myhezo.pl> wrote:",
    "On Nov 20, 2026, at 10:15 PM, HEZO 360 <pomoc@myhezo.pl> wrote:",
    # Polish providers: o2, WP, Onet, Interia, home.pl
    "Dnia 20 listopada 2026 09:58 HEZO 360 <pomoc@myhezo.pl> napisał(a):",
    "Dnia 20-11-2026 o godz. 9:58 HEZO 360 napisał(a):",
    "Dnia Piątek, 20 Listopada 2026 10:15 HEZO 360 <pomoc@myhezo.pl> napisał(a)",
    "W dniu 2026-11-20 09:58:12 użytkownik HEZO 360 <pomoc@myhezo.pl> napisał:",
    'Od: "HEZO 360" <pomoc@myhezo.pl>~Do: "Jan" <jan@k.example>;~Wysłane: 9:58 Piątek 2026-11-20~Temat: x~',
    "W dniu 20.11.2026 10:15 CET HEZO 360 <pomoc@myhezo.pl> napisał(a):",
    "On 11/20/2026 10:15 AM CET HEZO 360 <pomoc@myhezo.pl> wrote:",
    # Proton, Yahoo, Spark, RainLoop, Zoho, The Bat!
    "piątek, 20 listopada 2026 9:58 AM, HEZO 360 <pomoc@myhezo.pl> napisał(a):",
    "On Friday, November 20th, 2026 at 9:58 AM, HEZO 360 <pomoc@myhezo.pl> wrote:",
    "W dniu piątek, 20 listopada 2026 10:15:12 CET użytkownik HEZO 360 <pomoc@myhezo.pl> napisał:",
    "On 20 Nov 2026, 10:15 +0100, HEZO 360 <pomoc@myhezo.pl>, wrote:",
    '20 listopada 2026 10:15, "HEZO 360" <pomoc@myhezo.pl> napisał(a):',
    'November 20, 2026 10:15 AM, "HEZO 360" <pomoc@myhezo.pl> wrote:',
    "---- On Fri, 20 Nov 2026 09:58:12 +0100 HEZO 360 <pomoc@myhezo.pl> wrote ---",
    "Friday, November 20, 2026, 10:15:12 AM, you wrote:",
    "  W dniu pt., 20 lis 2026 o 10:15, HEZO 360<pomoc@myhezo.pl> napisał(a):   Dzień dobry,",
    "  On Fri, Nov 20, 2026 at 10:15 AM, HEZO 360<pomoc@myhezo.pl> wrote:   Hello,",
    "HEZO 360 <pomoc@myhezo.pl> napisał(a):",
    # Outlook, Exchange, Zimbra, Notes, eM Client, Samsung, GroupWise
    "-----Original Message-----",
    "-----Wiadomość oryginalna-----",
    "----- Oryginalna wiadomość -----",
    "-------- Wiadomość oryginalna --------~Temat: x~Data: 2026-11-20 09:58~Nadawca: HEZO 360 <pomoc@myhezo.pl>",
    '------ Wiadomość oryginalna ------~Od "HEZO 360" <pomoc@myhezo.pl>~Data 20.11.2026 10:15:12~Temat Re: x',
    "From: HEZO 360 <pomoc@myhezo.pl>~Sent: Friday, November 20, 2026 9:58 AM~To: Jan~Subject: x~",
    "*From:* HEZO 360~*Sent:* Friday, November 20, 2026 9:58 AM~*To:* Jan~*Subject:* x~",
    "Od: HEZO 360~Wysłano: piątek, 20 listopada 2026 09:58~Do: Jan~Temat: x~",
    "----- 20 lis 2026 o 09:58, HEZO 360 pomoc@myhezo.pl napisał(a):",
    "Od: HEZO 360~~Data: 20.11.2026 09:58~~Do: Jan~~Temat: x~",
    "Od:~HEZO 360 <pomoc@myhezo.pl>~Wysłano:~piątek, 20 listopada 2026 10:15~Do:~Jan~Temat:~x~",
    "Od:\tHEZO 360/IT/HEZO@HEZO~Do:\tJan Kowalski/Klient@Klient~DW:\t~Data:\t2026-11-20 10:15~Temat:\tx~",
    "Temat: x~Data: Fri, 20 Nov 2026 10:15:00 +0100~Od: HEZO 360 <pomoc@myhezo.pl>~Do: Jan <j@k.example>~",
    "From: HEZO <p@h.example>~Date: Friday, 20 November 2026 at 10:15~To: a <a@b.example>,~ c <c@b.example>~Subject: x",
    "________________________________~From: HEZO 360~Sent: 20 November 2026 09:58~To: Jan~Subject: x~",
    "________________________________~*Od:* HEZO 360~*Wysłane:* piątek, 20 listopada 2026~*Do:* Jan~*Temat:* x~",
    "Od:HEZO 360~Temat:x~Data:20 listopada 2026 09:58~Do:Jan",
    "From: HEZO <p@h.example> Sent: Friday, November 20, 2026 9:58 AM To: Jan <j@k.example> Subject: x",
    ">>> HEZO 360 <pomoc@myhezo.pl> 20.11.2026 10:15 >>>",
    # Left-overs of transfer encodings
    "W dniu 20.11.2026 o=C2=A009:58, HEZO 360 <pomoc@myhezo.pl> napisa=C5=82(a):",
    "=3D=3D=3D Oryginalna wiadomość =3D=3D=3D",
    "Dnia 20 listopada 2026 10:15 HEZO 360 &lt;pomoc@myhezo.pl&gt; napisał(a):",
]
ONLY_WITH_MARKS = [
    "Użytkownik HEZO 360 <pomoc@myhezo.pl> napisał:",
    "20.11.2026 10:15, Jan Kowalski pisze:",
    "Jan Kowalski napisał(a):",
    "Jane Smith wrote:",
    "On Wednesday, 18 November 2026 15:51:45 Central European Time Jan Kowalski wrote:",
    "On Mon, 16 Nov 2026, Jan Kowalski wrote:",
    "Il giorno ven 20 nov 2026 alle ore 09:58 HEZO <pomoc@myhezo.pl> ha scritto:",
    "Cytowanie HEZO 360 <pomoc@myhezo.pl>:",
    "Quoting HEZO 360 <pomoc@myhezo.pl>:",
    "W dniu 2026-11-20, HEZO 360 pisze:",
    "On 20.11.2026 HEZO 360 <pomoc@myhezo.pl>:",
]


@pytest.mark.parametrize("head", HEADS)
def test_heads_cut_what_they_introduce(head: str) -> None:
    head = head.replace("~", "\n")
    words = new_words(f"{ANSWER}\n\n{head}\n{ORIGINAL}", "Re: x")
    assert (words.new_text, words.cut, words.quotation_cut) == (ANSWER, True, True)
    assert words.quoted_text == f"{head}\n{ORIGINAL}"


@pytest.mark.parametrize(
    "disguise",
    [
        lambda head: head.replace(" ", "\u00a0"),
        lambda head: head.replace(" AM", "\u202fAM").replace(" PM", "\u202fPM"),
        lambda head: "\u200b" + head,
        lambda head: head.replace("\n", "\r\n") + "\r",
    ],
    ids=["no-break spaces", "narrow spaces in times", "zero width", "CRLF"],
)
def test_invisible_characters_hide_no_head(disguise: Callable[[str], str]) -> None:
    texts = {head: f"{ANSWER}\n\n{disguise(head.replace('~', chr(10)))}\n{ORIGINAL}" for head in HEADS}
    assert [head for head, text in texts.items() if new_words(text, "Re: x").new_text != ANSWER] == []


def test_heads_are_seen_inside_of_marks() -> None:
    for head in HEADS:
        quoted = "\n".join(f"> {line}" for line in f"{head}~{ORIGINAL}".split("~"))
        assert new_words(f"{ANSWER}\n\n{quoted}").quoted_text == quoted, head


@pytest.mark.parametrize("head", ONLY_WITH_MARKS)
def test_less_certain_heads_need_marked_lines(head: str) -> None:
    assert new_words(f"{ANSWER}\n\n{head}\n\n> {ORIGINAL}\n{ANSWER}").new_text == f"{ANSWER}\n\n{ANSWER}"
    assert not new_words(f"{ANSWER}\n{head}\n{ORIGINAL}").cut


@pytest.mark.parametrize("mark", ["> ", ">", ">\t", ">> ", "| ", "HZ> ", "H> ", "H3> ", "&gt; "])
def test_marks_of_quoted_lines(mark: str) -> None:
    quoted = f"W dniu 20.11.2026 o 09:58, HEZO 360 pisze:\n{mark}{ORIGINAL}\n{mark}Zespół"
    words = new_words(f"{ANSWER}\n\n{quoted}\n\nPodpis")
    assert (words.new_text, words.quoted_text) == (f"{ANSWER}\n\nPodpis", quoted)


@pytest.mark.parametrize(
    "text",
    [
        "Wczoraj było dobrze.~W dniu 20.11.2026 kolega napisał:~urządzenie nie wstaje",
        "Dzień dobry,~w dniu 20.11.2026 użytkownik jan@klient.example napisał:~drukarka nie działa",
        "W dniu 20.11.2026 o 10:15 przestał działać firewall w Krakowie.~Jan <jan@x.example> napisał:~nie działa",
        "Dzień dobry,~dziś Jan Kowalski <jan@klient.example> napisał:~nie działa",
        "20.11.2026 o 10:15 padło łącze~Jan <jan@x.example> pisze:~nie mam sieci",
        "Kolega z biura napisał:~> nie działa",
        "Dziś.~On Friday my colleague wrote:~the device is down",
        "Log:~2026-11-20 09:58 administrator pisze:~reboot",
        "Log:~On Fri Nov 20 10:15:12 2026 kernel wrote:~panic",
        "Od: Jan Kowalski~Do: serwis~Temat: awaria~~Nie działa.",
        "Dzień dobry,~przesyłam zgłoszenie:~Od: Jan Kowalski~Data: 20.11.2026~Temat: awaria~~Nie działa",
        "Awaria.~Od: poniedziałku~Data: nie pamiętam~Temat: zasilanie",
        "Reguła:~From: LAN~To: WAN~Date: always~Subject: policy 7",
        "Lista:~> pierwszy~> drugi~> trzeci",
        "Wynik:~------------------~port1 up~------------------~port2 down",
        "Wynik:~| port1 | up |~| port2 | down |",
        'Konfiguracja:~config system interface~    edit "wan1"~--~next~--~end',
        "Lista:~- port 1~* port 2~• port 3",
        "From: here it is down.~To: be fixed.",
        "Oryginalna wiadomość w załączniku.~Nie działa.",
        ">From the morning our firewall is down.~Please help.",
        "Odpowiedzi poniżej w treści.~~Od: H <h@h.example>~Wysłano: 20 listopada 2026 10:15~Do: J~Temat: x~~Numer? 42",
        "See my answers below in red~~From: H <h@h.example>~Sent: Friday, 20 Nov 2026 9:58 AM~To: J~Subject: x~~42",
        "Witam~~Pozdrawiam~Jan~~Od: H <h@h.example>~Data: 20.11.2026 10:15~Do: J~Temat: x~~Numer?~HZ360-2026-000042",
        "Proszę o pomoc w poniższej sprawie.~~Od: P <p@k.example>~Wysłano: 20 lis 2026 08:10~Do: J~Temat: x~~Awaria",
        "Adding support, see the report below.~~On Fri, Nov 20, 2026 at 8:10 AM P <p@k.example> wrote:~> It is down",
    ],
)
def test_in_doubt_nothing_is_cut(text: str) -> None:
    text = text.replace("~", "\n")
    words = new_words(text, "Re: x")
    assert (words.new_text, words.quoted_text, words.cut, words.quotation_cut) == (text, "", False, False)


@pytest.mark.parametrize(
    "marker",
    [
        "---------- Forwarded message ---------",
        "---------- Przekazana wiadomość ---------",
        "-------- Treść przekazanej wiadomości --------",
        "----- Wiadomość przekazana -----",
        "Begin forwarded message:",
        "Początek przekazywanej wiadomości:",
        "Początek przesłanej dalej wiadomości:",
    ],
)
def test_forwarded_mails_keep_their_content(marker: str) -> None:
    head = "From: Jan\nDate: 20.11.2026 08:10\nTo: x\nSubject: y"
    forwarded = f"{marker}\n{head}\n\n{ORIGINAL}\n> starsze\n>> stare\n\nWysłane z iPhone'a"
    text = f"Do obsługi.\n\n{forwarded}"
    assert new_words(text).new_text == text
    signed = new_words(f"Do obsługi.\n-- \nJan\n\n{forwarded}")
    assert signed.new_text == text.replace("\n\n", "\n", 1)
    assert (signed.cut, signed.quotation_cut) == (True, False)


def test_an_answer_about_a_forwarded_mail_is_cut_above_it() -> None:
    quoted = "W dniu 20.11.2026 o 09:58, HEZO 360 pisze:\n> a\n> ---------- Forwarded message ---------\n> b"
    assert new_words(f"{ANSWER}\n{quoted}").quoted_text == quoted


def test_answers_below_and_between_marked_lines_stay() -> None:
    text = f"W dniu 20.11.2026 o 09:58, HEZO pisze:\n> {ORIGINAL}\n{ANSWER}\n> Priorytet?\nkrytyczny"
    words = new_words(text)
    assert words.new_text == f"{ANSWER}\nkrytyczny"
    assert words.quoted_text == f"W dniu 20.11.2026 o 09:58, HEZO pisze:\n> {ORIGINAL}\n> Priorytet?"


@pytest.mark.parametrize(
    "head",
    [
        "-----Original Message-----\nFrom: HEZO <h@h.example>\nTo: J <j@k.example>\nSent: Friday, 20 Nov 2026 9:58 AM",
        'Od: "H" <h@h.example>\nDo: "J" <j@k.example>,\n  "O" <o@k.example>;\nWysłane: 9:58 Piątek 20.11.26\nTemat: x',
        "_______________\nOd: HEZO <h@h.example>\nData: 20.11.2026 10:15\nTemat: x\n",
        "W dniu 20.11.2026 o 09:58, HEZO pisze:\n\n\n",
    ],
)
@pytest.mark.parametrize("above", ["", "Odpowiadam:\n\n"])
def test_answers_between_marked_lines_stay_below_any_head(head: str, above: str) -> None:
    words = new_words(f"{above}{head}\n\n> {ORIGINAL}\n{ANSWER}\n> Priorytet?\nkrytyczny", "Re: x")
    assert words.new_text == f"{above}{ANSWER}\nkrytyczny"


def test_an_answer_that_begins_with_a_marked_line_needs_no_head() -> None:
    text = f"> {ORIGINAL}\n{ANSWER}"
    assert new_words(text, "Re: [HEZO-2026-000123] x").new_text == ANSWER
    assert new_words(text, "x").new_text == text


def test_words_around_the_shortest_answers() -> None:
    head = "W dniu 20.11.2026 o 09:58, HEZO 360 pisze:\n> x"
    for answer in ("1", "?", "👍", "OK.", "Tak"):
        assert new_words(f"{answer}\n\n{head}", "Re: x").new_text == answer
    for nothing in ("", "\n\n", "--\n", "Wysłane z iPhone'a\n"):
        assert head in new_words(f"{nothing}\nOd: H <h@h.example>\nData: 20.11.2026 10:15\nDo: J\n\n{head}").new_text


def test_a_forwarding_subject_keeps_what_is_below_the_first_head() -> None:
    text = f"{ANSWER}\n\nOd: Jan\nWysłano: 20 listopada 2026 08:10\nDo: x\nTemat: y\n\n{ORIGINAL}"
    assert new_words(text, "PD: awaria").new_text == text
    assert new_words(text, "[EXT] Fwd: awaria").new_text == text
    assert new_words(text, "ODP: PD: awaria").new_text == ANSWER
    marked = f"{ANSWER}\n\nW dniu 20.11.2026 o 09:58, Jan pisze:\n> {ORIGINAL}"
    assert new_words(marked, "Fwd: awaria").new_text == marked


@pytest.mark.parametrize(
    ("text", "new"),
    [
        (f"{ANSWER}\n-- \nJan\ntel. 22 123", ANSWER),
        (f"{ANSWER}\n-- \r\nJan\r", ANSWER),
        (f"{ANSWER}\n--\nJan", ANSWER),
        (f"{ANSWER}\n-- \nJan\n\nPS. Pilne", f"{ANSWER}\nPS. Pilne"),
        ("-- \nJan", None),
        (f"{ANSWER}\n-- \n" + "\n".join(f"wiersz {n}" for n in range(40)), None),
        (f"{ANSWER}\n---\nJan", None),
        (f"{ANSWER}\n--\nNie działa nam internet od rana.", None),
        (f"{ANSWER}\n-- \nJan\nUmowa serwisowa HZ360-2026-000042", None),
        (f"{ANSWER}\n\nPozdrawiam\nJan Kowalski\nKierownik IT\ntel. 22 123 45 67", None),
    ],
)
def test_signatures_are_recognised_with_care(text: str, new: str | None) -> None:
    words = new_words(text)
    assert words.new_text.rstrip("\r") == (text if new is None else new)
    assert not words.quotation_cut


@pytest.mark.parametrize(
    "footer",
    [
        "Wysłane z iPhone'a",
        "Wysłano z mojego iPhone’a",
        "Wysłane z telefonu Samsung Galaxy",
        "Wysłane z mojego Xiaomi Redmi Note 12",
        "Wysłane z telefonu, przepraszam za literówki",
        "Wysłane z programu Outlook dla systemu Android<https://aka.ms/AAb9ysg>",
        "Wysłane z aplikacji Poczta<https://go.microsoft.com/fwlink/?LinkId=550986> dla systemu Windows 10",
        "Wysłane z aplikacji mobilnej WP Poczta",
        "Wysłane z Yahoo Mail na Androidzie",
        "Wysłane za pomocą bezpiecznej poczty Proton Mail.",
        "Wysłane z urządzenia z systemem Android za pomocą K-9 Mail. Proszę wybaczyć zwięzłość.",
        "Pobierz aplikację Outlook dla systemu iOS<https://aka.ms/o0ukef>",
        "Get Outlook for iOS<https://aka.ms/o0ukef>",
        "Sent from my iPhone",
        "Sent from my Galaxy",
        "Sent from Mail for Windows 10",
        "Sent with [Proton Mail](https://proton.me/) secure email.",
        "Wolne od wirusów. www.avast.com",
        "Zanim wydrukujesz tę wiadomość, pomyśl o środowisku.",
        "Please consider the environment before printing this e-mail.",
        "Niniejsza wiadomość oraz załączniki są poufne i przeznaczone wyłącznie dla adresata.",
        "Wiadomość ta może zawierać informacje poufne.",
        "Informujemy, że administratorem danych osobowych jest Klient Sp. z o.o.",
        "CONFIDENTIALITY NOTICE: This e-mail is intended only for the addressee.",
        "This e-mail and any attachments are confidential.\nIf you are not the intended recipient, delete it.",
        "Sąd Rejonowy dla m.st. Warszawy, XII Wydział Gospodarczy, KRS 0000123456, NIP 525-000-00-00",
    ],
)
def test_footers_of_programs_and_companies_go(footer: str) -> None:
    signed = f"{ANSWER}\n\nPozdrawiam\nJan"
    for text in (f"{signed}\n\n{footer}", f"{signed}\n\n{footer}\n\nW dniu 20.11.2026 o 09:58, HEZO 360 pisze:\n> x"):
        words = new_words(text)
        assert words.new_text == signed
        assert footer in words.quoted_text
    assert new_words(footer).new_text == footer


@pytest.mark.parametrize(
    "words",
    [
        "Wysłane z serwera logi są w załączniku",
        "Wysłane z telefonu zdjęcia są w załączniku",
        "Wysłano z Poznania kurierem",
        "Get back to us today",
        "Sent from our office on Monday, not yet arrived",
        "Ta wiadomość pojawia się na ekranie: system halted",
        "This message appears on the console: license expired",
        "UWAGA: nie restartować urządzenia",
        "Nasz NIP 5250000000",
        "If you are not available, call Jan.",
    ],
)
def test_sentences_like_footers_stay(words: str) -> None:
    assert not new_words(f"{ANSWER}\n\n{words}").cut


_FRAGMENT = st.sampled_from([
    "> ", ">> x", "\n", "W dniu 20.11.2026 o", "W dniu 20.11.2026 o 09:58, H pisze:", "Od: x@y.example\nData: 1\n",
    "_" * 90, "- " * 40, "-- \n", "On ", "a " * 90, " " * 400, "1.1.1 <a@b>", "<" * 90, "Wiadomość napisana przez 1 1",
    "From: Sent: To: ", "Sent from my ", "This e-mail ", "odp. ", "NIP KRS ", "=C3", "\u200b", "&gt;", "| x\n",
    "wrote: ",
])  # fmt: skip


@settings(max_examples=6, deadline=None)
@given(st.lists(_FRAGMENT, min_size=1, max_size=8))
@example(["> x\n"])
@example(["- " * 200, "\n"])
@example(["Wiadomość napisana przez ", "1 " * 200, "\n"])
def test_a_megabyte_takes_no_time(fragments: list[str]) -> None:
    """Measured 0.02 to 0.18 s of processor time; the bound is for slower machines, quadratic time would be minutes."""
    piece = "".join(fragments)
    text = f"{ANSWER}\n" + piece * (1_000_000 // len(piece))
    started = time.process_time()
    words = new_words(text, "Re: x")
    assert time.process_time() - started < 0.5
    assert sum(map(Counter, (words.new_text.split(), words.quoted_text.split())), Counter()) == Counter(text.split())
