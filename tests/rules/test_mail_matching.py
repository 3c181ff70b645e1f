"""Keys of a mail to its ticket, reply tokens, authentication results and the language of the answer."""

from __future__ import annotations

import pytest

from bot.model import Language
from bot.rules.authentication import MICROSOFT_365, is_genuine, read_authentication
from bot.rules.language import detect_language
from bot.rules.mail_matching import KeyKind, check_token, make_token, match_keys, reply_address, ticket_numbers_in
from bot.rules.mail_reading import IncomingMail, read_mail

KEY = b"a key of thirty-two octets ......"
TOKEN = make_token("HEZO-2026-000123", KEY)


def test_keys_come_strongest_first_and_nearest_first() -> None:
    mail = read_mail(
        f"Delivered-To: {reply_address('pomoc@myhezo.pl', TOKEN).upper()}\r\n"
        "To: pomoc+jan@myhezo.pl, anna@klient.example\r\n"
        "Subject: Re: [hezo-2026-000123] i HEZO-2026-000007, HEZO-2026-000123, XHEZO-2026-0001234\r\n"
        "In-Reply-To: <reply.9.0123456789abcdef@MYHEZO.PL>\r\n"
        "References: <1@klient.example> <ack.7.0123456789abcdef@myhezo.pl> <forged@myhezo.pl>\r\n"
        " <reply.9.0123456789abcdef@MYHEZO.PL> <2@klient.example>\r\n\r\n".encode()
    )
    assert [(key.kind, key.value) for key in match_keys(mail, "myhezo.pl")] == [
        (KeyKind.OUR_MESSAGE_ID, "<reply.9.0123456789abcdef@MYHEZO.PL>"),
        (KeyKind.OUR_MESSAGE_ID, "<ack.7.0123456789abcdef@myhezo.pl>"),
        (KeyKind.TOKEN, TOKEN),
        (KeyKind.OTHER_MESSAGE_ID, "<2@klient.example>"),
        (KeyKind.OTHER_MESSAGE_ID, "<forged@myhezo.pl>"),
        (KeyKind.OTHER_MESSAGE_ID, "<1@klient.example>"),
        (KeyKind.SUBJECT_NUMBER, "HEZO-2026-000123"),
        (KeyKind.SUBJECT_NUMBER, "HEZO-2026-000007"),
    ]


def test_a_mail_without_any_key_has_none() -> None:
    assert match_keys(read_mail(b"Subject: nie dziala\n\n"), "myhezo.pl") == ()


@pytest.mark.parametrize(
    "token",
    [
        "2026000123" + "\u017f" * 16,
        "2026000123" + "\u212a" * 16,
        "\u0662\u0660\u0662\u0666\u0660\u0660\u0660\u0661\u0662\u0663" + "a" * 16,
    ],
    ids=["long s", "kelvin", "arabic digits"],
)
def test_letters_that_only_look_like_a_token_s_are_none(token: str) -> None:
    """Python's patterns take them for letters and digits; comparing them in constant time is refused."""
    assert check_token(token, KEY) is None
    assert ticket_numbers_in("HEZO-\u0662\u0660\u0662\u0666-000123") == ()


def test_tokens_name_their_ticket_and_cannot_be_made_without_the_key() -> None:
    assert check_token(TOKEN, KEY) == "HEZO-2026-000123"
    assert check_token(TOKEN.upper(), KEY) == "HEZO-2026-000123"
    assert check_token(TOKEN, b"another key") is None
    assert check_token("2026000124" + TOKEN[10:], KEY) is None
    assert check_token(TOKEN[:-1], KEY) is None
    assert check_token("", KEY) is None
    assert check_token("żółć" * 7, KEY) is None
    assert len(reply_address("escalation@myhezo.pl", TOKEN).partition("@")[0]) <= 64
    with pytest.raises(ValueError, match="no ticket number"):
        make_token("HEZO-26-1", KEY)


def test_ticket_numbers() -> None:
    assert ticket_numbers_in("hezo-2026-000123 HEZO-2026-000123 HEZO-2026-00012 HEZO-2026-0001234") == (
        "HEZO-2026-000123",
    )


def _with_results(*values: str) -> IncomingMail:
    return read_mail("".join(f"Authentication-Results: {value}\r\n" for value in values).encode() + b"\r\n")


def test_the_trusted_server_s_results_are_read() -> None:
    found = read_authentication(
        _with_results(
            "mx.myhezo.pl 1;\r\n dkim=fail (bad; one) header.d=other.example;\r\n dkim=pass header.d=Klient.example "
            "header.s=s1;\r\n\tspf=softfail (x (nested) y) smtp.mailfrom=jan@klient.example;"
            " dmarc=pass (p=reject) header.from=klient.example"
        ),
        {"MX.myhezo.pl"},
    )
    assert (found.dmarc, found.spf, found.dkim, found.dkim_domains) == ("pass", "softfail", "pass", ("klient.example",))
    assert (found.from_domain, found.server) == ("klient.example", "mx.myhezo.pl")
    assert found.vouches_for("klient.example")
    assert not found.vouches_for("other.example")
    assert not found.failed


@pytest.mark.parametrize(
    ("fields", "genuine"),
    [
        ("From: anna@klient.example", None),
        (
            "Authentication-Results: mx.myhezo.pl; dmarc=pass header.from=klient.example\r\nFrom: anna@KLIENT.example",
            True,
        ),
        ("Authentication-Results: mx.myhezo.pl; dmarc=pass\r\nFrom: anna@klient.example", True),
        ("Authentication-Results: mx.myhezo.pl; dmarc=none\r\nFrom: anna@klient.example", None),
        ("Authentication-Results: mx.myhezo.pl; dmarc=fail\r\nFrom: anna@klient.example", False),
        (
            "Authentication-Results: mx.myhezo.pl; dmarc=pass header.from=evil.example\r\nFrom: anna@klient.example",
            False,
        ),
        (
            "Authentication-Results: mx.myhezo.pl; dmarc=pass header.from=xn--kl-6ja.example\r\nFrom: a@kl\xf3.example",
            True,
        ),
        ("From: anna@klient.example, eve@evil.example", False),
        ("From: anna@klient.example\r\nFrom: eve@evil.example", False),
        ("From: anna@klient.example\r\nFrom: Anna <ANNA@klient.example>", None),
        ("From: anna@klient.example <eve@evil.example>", None),
        (
            "Authentication-Results: mx.myhezo.pl; dmarc=none header.from=evil.example\r\nFrom: anna@klient.example",
            False,
        ),
        (
            "Authentication-Results: mx.myhezo.pl; dmarc=none header.from=klient.example\r\nFrom: anna@klient.example",
            None,
        ),
        ("From: <anna@klient.example> <eve@evil.example>", False),
        ("From: anna@klient.example <> <eve@evil.example>", False),
        ("From: Anna <anna@klient.example> eve@evil.example", False),
        ("From: Anna <anna@klient.example> (anna@klient.example)", None),
        (f'From: "{"x" * 300} <anna@klient.example>" <eve@evil.example>', False),
        (f"From: ({'x' * 300} <anna@klient.example>) eve@evil.example", False),
        (f"From: anna@klient.example,{' ' * 19_990},eve@evil.example", False),
        (f"From: anna@klient.example{' ' * 19_990}\r\nFrom: eve@evil.example", False),
        (f'From: "{"x" * 300}" <anna@klient.example>', None),
        ('From: "Anna, Klient <Sp. z o.o.> (anna@home.example)" <anna@klient.example>', None),
        ("From: Anna <anna@klient.example>, ", None),
        ('From: "Anna <anna@klient.example>', None),
    ],
)
def test_the_sender_that_was_checked_is_the_one_we_read(fields: str, genuine: bool | None) -> None:
    mail = read_mail(f"{fields}\r\n\r\n".encode())
    assert is_genuine(mail, read_authentication(mail, {"mx.myhezo.pl"})) is genuine


def test_other_servers_and_lower_headers_do_not_count() -> None:
    mail = _with_results(
        "evil.example; dmarc=pass header.from=klient.example",
        "mx.myhezo.pl; dmarc=fail header.from=klient.example",
        "mx.myhezo.pl; dmarc=pass header.from=klient.example",
    )
    assert read_authentication(mail, {"mx.myhezo.pl"}).failed
    assert read_authentication(mail, ()).dmarc is None
    assert read_authentication(mail, ()).server is None


def test_results_of_several_filters_of_one_server_are_joined() -> None:
    mail = _with_results(
        "mx.myhezo.pl; dmarc=pass header.from=klient.example", "mx.myhezo.pl; dkim=pass header.i=@klient.example"
    )
    found = read_authentication(mail, {"mx.myhezo.pl"})
    assert (found.dmarc, found.dkim_domains) == ("pass", ("klient.example",))


def test_microsoft_365_names_no_server() -> None:
    microsoft = (
        "spf=pass (sender IP is 192.0.2.10)\r\n smtp.mailfrom=klient.example; dkim=pass (signature was verified)\r\n"
        " header.d=klient.example;dmarc=fail action=oreject\r\n header.from=klient.example;compauth=none reason=451"
    )
    forged = "spf=pass smtp.mailfrom=klient.example; dmarc=pass header.from=klient.example; arc=pass"
    found = read_authentication(_with_results(microsoft, forged), {MICROSOFT_365})
    assert (found.spf, found.dkim, found.dmarc, found.server) == ("pass", "pass", "fail", MICROSOFT_365)
    assert read_authentication(_with_results(microsoft), {"mx.myhezo.pl"}).server is None
    assert read_authentication(_with_results("microsoft365; dmarc=pass"), {MICROSOFT_365}).dmarc is None


def test_no_header_no_results() -> None:
    found = read_authentication(_with_results(), {"mx.myhezo.pl"})
    assert (found.dmarc, found.dkim, found.failed, found.vouches_for("klient.example")) == (None, None, False, False)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Dzień dobry, urządzenie nie działa.", Language.PL),
        ("nie dziala fortigate, prosze o pomoc", Language.PL),
        ("KRYTYCZNY!!!", Language.PL),
        ("1", Language.PL),
        ("", Language.PL),
        ("FGT60FTK20001234", Language.PL),
        ("Hello, the firewall is down. Please call us.", Language.EN),
        ("We have a question about VPN", Language.EN),
        ("critical", Language.EN),
        ("The device does not respond.\n\nŁukasz Żółć, Klient Sp. z o.o., ul. Świętokrzyska 1", Language.EN),
        (
            (
                "Nie działa HA, poniżej wynik:\nFGT3HD3914800153 is selected as the primary because it has FAIL_OVER "
                "flag set.\nFGT3HD3914800069 is selected as the primary because it has the largest value of override "
                "priority. Proszę o pomoc, już nie mam pomysłu, nie wiem co to jest."
            ),
            Language.PL,
        ),
    ],
)
def test_language(text: str, language: Language) -> None:
    assert detect_language(text) is language
