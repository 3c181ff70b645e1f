"""Our mails: complete, threaded, safe on any transport, not to be injected into; subjects, tokens and ids."""

from __future__ import annotations

import email
import email.policy
import unicodedata
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.html_writing import html_from_text
from bot.rules.mail_addresses import Address
from bot.rules.mail_reading import attachment_content, read_mail
from bot.rules.mail_writing import (
    Automatic,
    OutgoingAttachment,
    OutgoingMail,
    compose,
    message_id,
    reply_chain,
    reply_subject,
)

ID = message_id("ack", 17, "0123456789abcdef", "myhezo.pl")
LONG_ID = "<AS8PR04MB8675309.eurprd04.prod.outlook.com." + "a" * 200 + "@tenant.example>"
TEXT = "Dzień dobry,\n\nprzyjęliśmy zgłoszenie.\nFrom tej chwili biegnie czas reakcji.\n.\n-- \nZespół HEZO 360\n"


def _mail(**changes: object) -> OutgoingMail:
    fields: dict[str, object] = {
        "from_": Address("Zespół HEZO 360, dział pomocy", "pomoc@myhezo.pl"),
        "to": (Address("Łukasz Żółć", "lukasz@klient.example"),),
        "subject": "[HEZO-2026-000123] Re: Urządzenie nie działa od rana i nie da się do niego wejść, proszę o pomoc",
        "date": datetime(2026, 11, 20, 9, 15, 42, tzinfo=UTC),
        "message_id": ID,
        "text": TEXT,
    }
    return OutgoingMail(**{**fields, **changes})  # type: ignore[arg-type]  # the changes are the tests' own


def _parsed(raw: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    return parsed


def _assert_fit_for_any_transport(raw: bytes) -> None:
    assert raw.isascii()
    assert b"\0" not in raw
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


def test_a_whole_automatic_answer_reads_back_as_written() -> None:
    raw = compose(
        _mail(
            html=html_from_text(TEXT),
            reply_to=Address("", "pomoc+t.x@myhezo.pl"),
            cc=(Address('Nowak "Jan", inż.', "jan@klient.example"),),
            in_reply_to=LONG_ID,
            references=("<first@klient.example>", LONG_ID),
            automatic=Automatic.REPLIED,
        )
    )
    _assert_fit_for_any_transport(raw)
    parsed = _parsed(raw)
    mail = read_mail(raw)
    assert mail.problems == ()
    assert mail.from_ == Address("Zespół HEZO 360, dział pomocy", "pomoc@myhezo.pl")
    assert mail.to == (Address("Łukasz Żółć", "lukasz@klient.example"),)
    assert mail.cc == (Address('Nowak "Jan", inż.', "jan@klient.example"),)
    assert mail.reply_to == (Address("", "pomoc+t.x@myhezo.pl"),)
    assert mail.subject == _mail().subject == parsed["Subject"]
    assert (mail.message_id, mail.in_reply_to) == (ID, LONG_ID)
    assert mail.references == ("<first@klient.example>", LONG_ID)
    assert mail.date == _mail().date
    assert mail.text == TEXT.rstrip("\n")
    assert parsed["Auto-Submitted"] == "auto-replied"
    assert parsed["X-Auto-Response-Suppress"] == "All"
    assert [part.get_content_type() for part in parsed.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_long_ids_stand_whole_on_one_line() -> None:
    raw = compose(_mail(in_reply_to=LONG_ID, references=("<first@klient.example>", LONG_ID)))
    assert f"\r\nIn-Reply-To: {LONG_ID}\r\nReferences: <first@klient.example>\r\n {LONG_ID}\r\n".encode() in raw


def test_a_person_s_mail_carries_no_automatic_marks() -> None:
    parsed = _parsed(compose(_mail()))
    assert parsed["Auto-Submitted"] is None
    assert parsed["X-Auto-Response-Suppress"] is None


def test_references_keep_the_first_and_the_nearest() -> None:
    raw = compose(_mail(references=tuple(f"<{number}@x.example>" for number in range(100))))
    references = read_mail(raw).references
    assert (len(references), references[0], references[1], references[-1]) == (
        20, "<0@x.example>", "<81@x.example>", "<99@x.example>",
    )  # fmt: skip


def test_the_same_mail_gives_the_same_octets() -> None:
    mail = _mail(html="<p>x</p>", attachments=(OutgoingAttachment("a.txt", "text/plain", b"x"),))
    assert compose(mail) == compose(mail)


def test_attachments_arrive_unchanged() -> None:
    content = bytes(range(256)) * 50
    raw = compose(
        _mail(
            html="<p>x</p>",
            attachments=(
                OutgoingAttachment("list przewozowy ł.pdf", "application/pdf", content),
                OutgoingAttachment('a"\r\nb.eml', "message/rfc822", b""),
            ),
        )
    )
    _assert_fit_for_any_transport(raw)
    assert [part.get_filename() for part in _parsed(raw).iter_attachments()] == ["list przewozowy ł.pdf", "a_ b.eml"]
    mail = read_mail(raw)
    assert [(found.name, found.content_type) for found in mail.attachments] == [
        ("list przewozowy ł.pdf", "application/pdf"),
        ("a_ b.eml", "application/octet-stream"),
    ]
    assert attachment_content(raw, 0) == content


@pytest.mark.parametrize(
    "changes",
    [
        {"to": ()},
        {"to": (Address("x", "a@b.example\r\nBcc: evil@evil.example"),)},
        {"to": (Address("x", "a@b.example, evil@evil.example"),)},
        {"to": (Address("x", "żółć@klient.example"),)},
        {"to": (Address("x", "a@" + "ż" * 80 + ".example"),)},
        {"from_": Address("x", "nobody")},
        {"message_id": "<a@b>\r\nBcc: evil@evil.example"},
        {"message_id": ""},
        {"date": datetime(2026, 11, 20)},  # noqa: DTZ001  # the naive date is the case
    ],
)
def test_what_cannot_be_written_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # each case has words of its own; that it is refused counts
        compose(_mail(**changes))


def test_a_domain_with_polish_letters_is_sent_in_its_ascii_form() -> None:
    assert b"a@xn--w-uga1v8h.example" in compose(_mail(to=(Address("", "a@żółw.example"),)))


_TEXT = st.text(st.characters(codec="utf-8"), max_size=300)
_NASTY = st.one_of(
    _TEXT, st.sampled_from(["a\r\nBcc: evil@evil.example", "a\nX: y\n\nbody", "=?utf-8?Q?a?=", "\x85\u2028x"])
)


@settings(max_examples=100, deadline=20_000)
@given(_NASTY, _NASTY, _NASTY, _NASTY)
def test_nothing_can_be_injected(subject: str, name: str, reference: str, text: str) -> None:
    usual = {key.lower() for key in _parsed(compose(_mail(in_reply_to="<a@b>", references=("<a@b>",)))).keys()}  # noqa: SIM118  # a Message is no dict
    raw = compose(
        _mail(
            subject=subject,
            from_=Address(name, "pomoc@myhezo.pl"),
            to=(Address(name, "jan@klient.example"),),
            in_reply_to=reference,
            references=(reference, "<" + reference + "@x>"),
            text=text,
            attachments=(OutgoingAttachment(name, reference, text.encode()),),
        )
    )
    _assert_fit_for_any_transport(raw)
    header = raw.split(b"\r\n\r\n", 1)[0]
    names = {
        line.partition(b":")[0].decode().lower() for line in header.split(b"\r\n") if line[:1] not in {b" ", b"\t"}
    }
    assert names <= usual | {"content-type", "content-transfer-encoding"}
    mail = read_mail(raw)
    assert mail.to[0].address == "jan@klient.example"
    assert mail.message_id == ID
    assert attachment_content(raw, 0) == text.encode()


@settings(max_examples=100, deadline=20_000)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=2_000))
def test_text_arrives_as_it_was_written(text: str) -> None:
    raw = compose(_mail(text=text))
    _assert_fit_for_any_transport(raw)
    content = _parsed(raw).get_content().removesuffix("\n").removesuffix("\r")
    assert content == unicodedata.normalize("NFC", text.replace("\ufeff", ""))


@pytest.mark.parametrize(
    ("subject", "answer"),
    [
        ("nie działa", "[HEZO-2026-000123] Re: nie działa"),
        ("Re: ODP: Odp: FW: PD: nie działa", "[HEZO-2026-000123] Re: nie działa"),
        ("RE[2]: [HEZO-2026-000123] Re: nie działa", "[HEZO-2026-000123] Re: nie działa"),
        ("[hezo-2026-000123] [HEZO-2026-000123] Re: Re: x", "[HEZO-2026-000123] Re: x"),
        ("Odpowiedź automatyczna: [HEZO-2026-000123] x", "[HEZO-2026-000123] Re: x"),
        ("x w sprawie HEZO-2026-000007", "[HEZO-2026-000123] Re: x w sprawie HEZO-2026-000007"),
        ("awaria re: zapora", "[HEZO-2026-000123] Re: awaria re: zapora"),
        ("restart: ciągle", "[HEZO-2026-000123] Re: restart: ciągle"),
        ("Re: ", "[HEZO-2026-000123]"),
        ("", "[HEZO-2026-000123]"),
        ("a\r\nBcc: x", "[HEZO-2026-000123] Re: a Bcc: x"),
    ],
)
def test_subjects_of_answers_do_not_pile_up(subject: str, answer: str) -> None:
    assert reply_subject(subject, "HEZO-2026-000123") == answer
    assert reply_subject(answer, "HEZO-2026-000123") == answer


def test_reply_chain_is_the_mail_s_chain_and_its_id() -> None:
    full = read_mail(b"Message-ID: <3@x>\nReferences: <1@x> <2@x>\nIn-Reply-To: <2@x>\n\n")
    only_in_reply_to = read_mail(b"Message-ID: <3@x>\nIn-Reply-To: <2@x>\n\n")
    first = read_mail(b"Message-ID: <3@x>\n\n")
    without_id = read_mail(b"References: <1@x>\n\n")
    assert [reply_chain(mail) for mail in (full, only_in_reply_to, first, without_id)] == [
        ("<1@x>", "<2@x>", "<3@x>"), ("<2@x>", "<3@x>"), ("<3@x>",), ("<1@x>",),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "row", "secret"), [("Ack!", 1, "0" * 16), ("ack", -1, "0" * 16), ("ack", 1, "ab"), ("ack", 1, "0 > 0" * 4)]
)
def test_a_message_id_that_we_would_not_recognise_is_not_made(kind: str, row: int, secret: str) -> None:
    with pytest.raises(ValueError, match="no Message-ID of ours"):
        message_id(kind, row, secret, "myhezo.pl")


def test_html_is_escaped_and_links_only_to_https() -> None:
    page = html_from_text(
        'Dzień dobry <script>alert("1")</script>\nhttps://myhezo.pl/a?b=1&c=2. http://x.example javascript:x\n\n'
        '> cytat & więcej\n> drugi\nmoje\n\nhttps://evil.example/"onmouseover="x'
    )
    assert "<script" not in page
    assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;<br>" in page
    assert '<a href="https://myhezo.pl/a?b=1&amp;c=2">https://myhezo.pl/a?b=1&amp;c=2</a>.' in page
    assert page.count("<a ") == 2
    assert '"onmouseover' not in page
    assert ">cytat &amp; więcej<br>\ndrugi</blockquote>" in page
    assert "src=" not in page
