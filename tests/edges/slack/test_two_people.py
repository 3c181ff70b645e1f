"""Every button, menu, form, shortcut and command that Slack can name is known to lead to a command thought about.

`tests/rules/test_firsts.py` says what becomes of the second of two for each command.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import pytest

import bot.edges
from bot import commands as c
from bot import commands_acting as a
from bot import commands_channels as ch
from bot import commands_sending as s
from bot import entitlement_commands as e
from bot import escalation_commands as x
from bot import interview_commands as i
from bot import replacement_commands as r
from bot.edges.slack_ids import ModalPlace, PressedTicket
from bot.edges.slack_payloads import modal_place, to_command
from tests.rules.test_firsts import TWO_PEOPLE

LOOKS = c.NothingToDo
"""It shows something, or opens a form that has a name of its own or the same one."""

LEADS_TO: dict[str, type] = {
    "/hezo": c.TypedCommand,
    "canned_reply": LOOKS,
    "mail_preview": LOOKS,
    "message_original": LOOKS,
    "ticket_more": LOOKS,
    "home_customer": c.OpenHome,
    "home_page": c.OpenHome,
    "home_priority": c.OpenHome,
    "home_refresh": c.OpenHome,
    "home_state": c.OpenHome,
    "message_send": c.ReplyToCustomer,
    "message_split": a.SplitTicket,
    "sending_keep": s.KeepInternal,
    "sending_news": s.SendThreadMessage,
    "sending_undo": s.UndoSending,
    "sending_wait": s.SendThreadMessage,
    "ticket_reply": c.ReplyToCustomer,
    "ticket_take": c.TakeTicket,
    "ticket_take_over": c.TakeTicket,
    "ticket_assign": a.AssignTicket,
    "ticket_priority": c.SetPriority,
    "ticket_ask": a.AskForData,
    "ticket_resolve": a.ResolveTicket,
    "ticket_snooze": a.SnoozeTicket,
    "ticket_wake": a.WakeTicket,
    "ticket_call": a.LogCall,
    "ticket_merge": a.MergeTicket,
    "ticket_link": a.LinkTickets,
    "ticket_split": a.SplitTicket,
    "ticket_hold": a.HoldTicket,
    "ticket_spam": a.MarkSpam,
    "ticket_close": c.CloseTicket,
    "ticket_reopen": a.ReopenTicket,
    "ticket_escalate": x.EscalateTicket,
    "ticket_log_call": x.LogEscalationCall,
    "ticket_open": ch.OpenTicket,
    "ticket_open_message": ch.OpenTicket,
    "sender_approve": c.DecideSender,
    "sender_reject": c.DecideSender,
    "quotation_join": c.DecideQuotation,
    "quotation_separate": c.DecideQuotation,
    "date_agree": c.AgreeDate,
    "date_offer": e.OfferTimes,
    "date_confirm": c.ConfirmDate,
    "date_kept": c.DateKept,
    "date_cancel": e.CancelDate,
    "date_pick_": e.PickDate,
    "escalation_acknowledge": x.AcknowledgeEscalation,
    "escalation_take_over": x.TakeOverEscalation,
    "escalation_reassign": x.ReassignEscalation,
    "escalation_snooze": x.SnoozeEscalation,
    "escalation_resolve": x.ResolveEscalation,
    "escalation_tie": x.TieEscalation,
    "proposal_escalate": x.DecideProposal,
    "proposal_decline": x.DecideProposal,
    "duty_set": c.SetShift,
    "ticket_replace": r.BeginReplacement,
    "replacement_check": r.RecordCheck,
    "replacement_verify": r.VerifyFault,
    "replacement_refute": r.RefuteFault,
    "replacement_ask": r.AskUser,
    "replacement_confirm": r.LogConfirmation,
    "replacement_decline": r.DeclineReplacement,
    "replacement_cancel": r.CancelReplacement,
    "replacement_dispatch": r.DispatchReplacement,
    "replacement_lose": r.ReportLoss,
    "replacement_deliver": r.RecordDelivery,
    "replacement_send_waybill": r.SendReturnWaybill,
    "replacement_return": r.RecordReturn,
    "replacement_waive": r.WaiveReturn,
    "replacement_close": r.CloseReplacement,
    "ticket_interview": i.BeginInterview,
    "interview_fill": i.AnswerInterview,
    "interview_ask": i.AskInterview,
    "interview_export": i.ExportInterview,
    "ticket_entitlement": e.RecordEntitlement,
    "entitlement_choose": e.ChooseEntitlement,
    "entitlement_correct": e.CorrectEntitlement,
    "entitlement_book": e.OfferTimes,
    "entitlement_report": e.DeliverReport,
    "entitlement_agree": e.DecideEntitlement,
    "entitlement_grant": e.DecideEntitlement,
    "entitlement_decline": e.DecideEntitlement,
    "entitlement_drop": e.DecideEntitlement,
    "entitlement_done": e.DecideEntitlement,
    "entitlement_done_beyond": e.DecideEntitlement,
    "service_offer": e.OfferService,
    "service_dismiss": e.DismissNotice,
    "report_open": ch.ReportProblem,
    "report_problem": ch.ReportProblem,
    "report_problem_message": ch.ReportProblem,
    "report_add": ch.DecideOffer,
    "report_none": ch.DecideOffer,
}
"""By action_id, callback_id or command."""

NO_IDS = frozenset({"all", "call", "meeting", "other", "phone", "strangers_too", "value", "written"})
"""Texts of the same modules that are values of fields."""
VALUES = ("7", "7@5", "7:3", "7:3:1", "7:3:1@5", "3", "7:1795000000")


def names_in_the_code() -> set[str]:
    """Every text, and every value of a table of ids, by which Slack tells what was clicked."""
    modules = [one.name for one in pkgutil.iter_modules(bot.edges.__path__) if one.name.endswith("_ids")]
    found: set[str] = set()
    for name in [*modules, "slack_interview", "slack_services", "slack_appointments"]:
        for key, value in vars(importlib.import_module(f"bot.edges.{name}")).items():
            if key.startswith("_") or key.endswith(("_BLOCK", "_BLOCKS", "_LIMIT")):
                continue
            if isinstance(value, str):
                found.add(value)
            elif isinstance(value, dict) and key.endswith("_IDS"):
                found |= {str(each) for each in value.values()}
    return found


def test_every_name_leads_to_a_command_that_was_thought_about() -> None:
    assert names_in_the_code() - NO_IDS == set(LEADS_TO)
    assert set(LEADS_TO.values()) <= set(TWO_PEOPLE)


def click(action_id: str, value: str) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "user": {"id": "U0JAN", "username": "jan"},
        "channel": {"id": "C0SUPPORT"},
        "container": {"message_ts": "1.1"},
        "actions": [{"action_id": action_id, "value": value}],
    }


@pytest.mark.parametrize("action_id", sorted(LEADS_TO))
def test_a_press_leads_to_that_command_and_to_no_other(action_id: str) -> None:
    shown = f"{action_id}1" if action_id.endswith("_") else action_id
    led_to = {type(to_command(click(shown, value))) for value in VALUES} - {c.NothingToDo}
    assert led_to <= {LEADS_TO[action_id]}


def test_a_button_that_acts_at_once_says_what_it_showed() -> None:
    pressed = to_command(click("ticket_close", PressedTicket(7, 345).to_value()))
    assert isinstance(pressed, c.CloseTicket)
    assert (pressed.ticket_id, pressed.by.saw) == (7, 345)
    posted_before = to_command(click("ticket_close", "7"))
    assert isinstance(posted_before, c.CloseTicket)
    assert posted_before.by.saw is None
    for foreign in ("7@", "@5", "7@x", "0@5", "7@" + "9" * 30):
        assert isinstance(to_command(click("ticket_close", foreign)), c.NothingToDo)


@pytest.mark.parametrize("saw", [-1, True, "5", 2**63, [5]])
def test_a_form_that_saw_nonsense_is_none_of_ours(saw: object) -> None:
    metadata = ModalPlace(7, saw=saw).to_metadata()  # type: ignore[arg-type]  # nothing in a payload is trusted
    with pytest.raises(ValueError, match="no line of a journal"):
        modal_place({"private_metadata": metadata})
