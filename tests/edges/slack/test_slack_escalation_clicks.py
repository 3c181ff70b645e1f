"""Buttons, forms and `/hezo` about escalations through real slack-bolt and real sockets."""

from __future__ import annotations

import pytest

from bot.commands import NothingToDo, SlackCommand, TypedCommand
from bot.edges.slack_chat import SlackChat
from bot.edges.slack_escalation_card import EscalationShown, head
from bot.edges.slack_escalation_payloads import FOUND_TICKET
from bot.escalation_commands import AcknowledgeEscalation, LogEscalationCall, ReassignEscalation, ResolveEscalation
from bot.escalations import EscalationSource
from bot.sandbox.slack import SlackSandbox, User, View
from tests.edges.slack.office import NOW, TICKET_ID, ZONE, Desk, Office, make_escalation, staff_words

pytestmark = pytest.mark.usefixtures("connected")


@pytest.fixture
async def head_ts(chat: SlackChat, office: Office, desk: Desk) -> str:
    """The escalation's head message, posted; a customer has asked for the escalation."""
    desk.raised = make_escalation(requester="anna@klient.example")
    text, blocks = head(EscalationShown(desk.raised, desk.view), NOW, staff_words(), ZONE)
    return await chat.post(office.escalation.id, text, blocks, key="out-1")


async def form(slack: SlackSandbox, user: User) -> View:
    views = await slack.workspace.wait_for(lambda: slack.people.open_views(user.id), what="a form")
    return views[-1]


async def opened(slack: SlackSandbox, office: Office, ts: str, action_id: str, user: User) -> View:
    assert (await slack.people.click(user.id, office.escalation.id, ts, action_id)).ok
    return await form(slack, user)


async def line_for(slack: SlackSandbox, channel: str, user: User) -> str:
    lines = await slack.workspace.wait_for(lambda: slack.workspace.ephemerals(channel, user.id), what="a line")
    return lines[-1].text


def last(desk: Desk) -> SlackCommand:
    return desk.commands[-1]


async def test_who_acknowledges_is_recorded_by_their_real_name(
    slack: SlackSandbox, office: Office, desk: Desk, head_ts: str
) -> None:
    await slack.people.click(office.manager.id, office.escalation.id, head_ts, "escalation_acknowledge")
    command = last(desk)
    assert isinstance(command, AcknowledgeEscalation)
    assert (command.by.user, command.by.name, command.escalation_id) == (office.manager.id, "Ewa Lis", 3)


async def test_an_escalation_is_given_to_staff_only_and_with_the_name_that_customers_are_told(
    slack: SlackSandbox, office: Office, desk: Desk, head_ts: str
) -> None:
    view = await opened(slack, office, head_ts, "escalation_reassign", office.manager)
    errors = await slack.people.submit_view(office.manager.id, view.id, {"person": office.colleague.id})
    assert errors == {"person": "Ta osoba nie jest w konfiguracji inżynierem ani menedżerem."}
    assert isinstance(last(desk), NothingToDo), "only the click that opened the form is recorded"
    assert await slack.people.submit_view(office.manager.id, view.id, {"person": office.engineer.id}) is None
    command = last(desk)
    assert isinstance(command, ReassignEscalation)
    assert (command.to, command.to_name, command.by.channel) == (office.engineer.id, "Jan Nowak", office.escalation.id)


async def test_only_a_manager_gets_the_form_that_ends_what_a_customer_asked_for(
    slack: SlackSandbox, office: Office, desk: Desk, head_ts: str
) -> None:
    assert (await slack.people.click(office.engineer.id, office.escalation.id, head_ts, "escalation_resolve")).ok
    assert "tylko menedżer albo lider zespołu" in await line_for(slack, office.escalation.id, office.engineer)
    assert slack.people.open_views(office.engineer.id) == []
    view = await opened(slack, office, head_ts, "escalation_resolve", office.manager)
    assert await slack.people.submit_view(office.manager.id, view.id, {"outcome": "Wymieniono"}) is None
    assert isinstance(last(desk), ResolveEscalation)


async def test_a_button_of_an_escalation_that_is_over_says_so(
    slack: SlackSandbox, office: Office, desk: Desk, head_ts: str
) -> None:
    desk.raised.ended_at, desk.raised.facts = NOW, {"because": "resolved", "ended_by": office.manager.id}
    await slack.people.click(office.engineer.id, office.escalation.id, head_ts, "escalation_snooze")
    assert office.manager.id in await line_for(slack, office.escalation.id, office.engineer)


async def test_tying_names_another_ticket_that_there_is(
    slack: SlackSandbox, office: Office, chat: SlackChat, desk: Desk
) -> None:
    desk.raised = make_escalation(source=EscalationSource.MAIL)
    text, blocks = head(EscalationShown(desk.raised, desk.view), NOW, staff_words(), ZONE)
    ts = await chat.post(office.escalation.id, text, blocks, key="out-1")
    view = await opened(slack, office, ts, "escalation_tie", office.engineer)
    for number, problem in (
        (desk.view.ticket.number, "To jest to samo zgłoszenie."),
        ("HEZO-2026-000999", "Nie ma zgłoszenia o tym numerze."),
    ):
        assert await slack.people.submit_view(office.engineer.id, view.id, {"number": number}) == {"number": problem}
    desk.others = {"HEZO-2026-000009": (9,)}
    assert await slack.people.submit_view(office.engineer.id, view.id, {"number": "hezo-2026-000009"}) is None


async def test_a_call_is_logged_by_command_for_a_device(slack: SlackSandbox, office: Office, desk: Desk) -> None:
    serial = "FGT60FTK20012345"
    assert (await slack.people.slash(office.engineer.id, office.support.id, "/hezo", f"escalate call {serial}")).ok
    view = await form(slack, office.engineer)
    values = {"caller": "Prezes", "said": "Kiedy koniec?", "address": "prezes@klient.example"}
    desk.about_device = (7, 8)
    errors = await slack.people.submit_view(office.engineer.id, view.id, values)
    assert errors is not None
    assert "jest kilka otwartych zgłoszeń" in errors["reference"]
    desk.about_device = (TICKET_ID,)
    assert await slack.people.submit_view(office.engineer.id, view.id) is None
    command = last(desk)
    assert isinstance(command, LogEscalationCall)
    assert (command.ticket_id, command.caller, command.address) == (TICKET_ID, "Prezes", "prezes@klient.example")
    assert list(desk.bodies.values())[-1][FOUND_TICKET] == TICKET_ID


async def test_a_call_of_somebody_without_a_ticket_is_logged_too(
    slack: SlackSandbox, office: Office, desk: Desk
) -> None:
    for reference, device in (("", ""), ("FGT60FTK20012345", "FGT60FTK20012345")):
        assert (
            await slack.people.slash(office.engineer.id, office.support.id, "/hezo", f"escalate call {reference}")
        ).ok
        view = await form(slack, office.engineer)
        values = {"caller": "Prezes", "said": "Kiedy koniec?", "reference": "HEZO-2026-000999"}
        errors = await slack.people.submit_view(office.engineer.id, view.id, values)
        assert errors == {"reference": "Nie ma zgłoszenia o tym numerze."}, "a slip of the pen is no case"
        assert await slack.people.submit_view(office.engineer.id, view.id, {"reference": reference}) is None
        command = last(desk)
        assert isinstance(command, LogEscalationCall)
        assert (command.ticket_id, command.caller, command.device) == (None, "Prezes", device)


async def test_a_command_is_recorded_as_typed_and_who_may_not_is_refused(
    slack: SlackSandbox, office: Office, desk: Desk
) -> None:
    text = f"on-duty set <@{office.manager.id}> dziś 17:00 jutro 9:00"
    assert (await slack.people.slash(office.engineer.id, office.support.id, "/hezo", text)).ok
    command = last(desk)
    assert isinstance(command, TypedCommand)
    assert (command.text, command.by.user) == (text, office.engineer.id)
    assert (await slack.people.slash(office.colleague.id, office.support.id, "/hezo", "escalate call")).ok
    assert "Tylko inżynierowie" in await line_for(slack, office.support.id, office.colleague)
    assert slack.people.open_views(office.colleague.id) == []


async def test_an_answer_reaches_a_channel_that_the_bot_is_not_in(
    slack: SlackSandbox, office: Office, chat: SlackChat, desk: Desk
) -> None:
    private = slack.workspace.add_channel("zarząd", [office.engineer.id], private=True, bot=False)
    assert (await slack.people.slash(office.engineer.id, private.id, "/hezo", "help")).ok
    url = last(desk).by.response_url  # type: ignore[union-attr]  # it is a TypedCommand
    await chat.tell(private.id, office.engineer.id, "tu jestem", response_url=url)
    assert await line_for(slack, private.id, office.engineer) == "tu jestem"


async def test_an_answer_goes_nowhere_but_to_slack_and_else_by_the_channel(
    slack: SlackSandbox, office: Office, chat: SlackChat, desk: Desk
) -> None:
    for url in ("https://hooks.slack.com.evil.example/x", "http://169.254.169.254/", "file:///etc/passwd"):
        await chat.tell(office.support.id, office.engineer.id, url, response_url=url)
        assert await line_for(slack, office.support.id, office.engineer) == url
    assert (await slack.people.slash(office.engineer.id, office.support.id, "/hezo", "help")).ok
    worn_out = last(desk).by.response_url  # type: ignore[union-attr]  # it is a TypedCommand
    for count in range(7):  # it wears out after five
        await chat.tell(office.support.id, office.engineer.id, f"nadal tu {count}", response_url=worn_out)
        assert await line_for(slack, office.support.id, office.engineer) == f"nadal tu {count}"
