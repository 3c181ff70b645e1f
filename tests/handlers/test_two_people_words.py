"""Two people at once about a colleague's words of the thread: what happened to them while a window was open counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.commands import SlackPerson
from bot.effects import TellUser
from tests.handlers.desk import EWA
from tests.handlers.test_sendings import JAN, WORDS, ThreadDesk


def shortcut_window(desk: ThreadDesk) -> SlackPerson:
    """Jan opens the window with Ewa's words of the thread in it."""
    return replace(JAN, saw=desk.database.tables.journal[1][-1].id)


def assert_nothing_went(desk: ThreadDesk, did: str) -> None:
    desk.pass_time(timedelta(minutes=1))
    assert WORDS not in "".join(mail.text for mail in desk.mails)
    told = [row.effect for row in desk.database.tables.outbox.values() if isinstance(row.effect, TellUser)][-1]
    assert (told.what, told.data["did"], told.data["own"]) == ("was_first", did, WORDS)


def test_words_that_their_author_changed_meanwhile_do_not_go_as_they_were() -> None:
    desk = ThreadDesk()
    message = desk.say()
    second = shortcut_window(desk)
    desk.edit(message, "Jednak nie, proszę poczekać.")
    desk.shortcut(by=second)
    assert_nothing_went(desk, "first.thread_edited")


def test_words_that_their_author_deleted_meanwhile_do_not_go() -> None:
    desk = ThreadDesk()
    message = desk.say()
    second = shortcut_window(desk)
    desk.delete(message)
    desk.shortcut(by=second)
    assert_nothing_went(desk, "first.thread_deleted")


def test_words_that_somebody_took_back_do_not_go_by_a_window_of_before() -> None:
    desk = ThreadDesk()
    desk.say()
    second = shortcut_window(desk)
    desk.send()
    desk.undo(EWA)
    desk.shortcut(by=second)
    assert_nothing_went(desk, "first.reply_undone")
    desk.shortcut(by=shortcut_window(desk))
    desk.pass_time(timedelta(minutes=1))
    assert WORDS in desk.mails[-1].text, "who knows of it may send them"


def test_an_edit_of_other_words_is_of_no_concern() -> None:
    desk = ThreadDesk()
    desk.say()
    second = shortcut_window(desk)
    other = desk.say("Zadzwonię do nich.", ts="1764000300.000200")
    desk.edit(other, "Zadzwonię do nich jutro.")
    desk.shortcut(by=second)
    desk.pass_time(timedelta(minutes=1))
    assert WORDS in desk.mails[-1].text
