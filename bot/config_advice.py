"""What a configuration may say but probably should not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from bot.config import Config
from bot.config_mail import ServerConfig
from bot.config_values import LOOPBACK

_USUAL_SECURITY = {143: "starttls", 587: "starttls", 25: "starttls", 993: "tls", 465: "tls"}
_MICROSOFT_365 = (".office365.com", ".outlook.com")


def odd_but_legal(config: Config) -> tuple[str, ...]:
    """Give a line for everything that is allowed and yet hardly meant."""
    return (*_mail(config), *_slack(config), *_sla(config), *_escalation(config), *_operation(config))


def _mail(config: Config) -> Iterator[str]:
    mail = config.mail
    servers: list[tuple[str, ServerConfig]] = [(f'mail.imap "{box.name}"', box) for box in mail.imap]
    for where, server in [*servers, ("mail.smtp", mail.smtp)]:
        usual = _USUAL_SECURITY.get(server.port, server.security)
        if server.password is not None and server.host.endswith(_MICROSOFT_365):
            yield f"{where}: Microsoft 365 ends logins by password; use oauth (docs/mail.md)"
        if server.security not in {usual, "none"}:
            yield f'{where}: port {server.port} with security "{server.security}"; "{usual}" is usual on this port'
    if mail.smtp.username is None and mail.smtp.host not in LOOPBACK:
        yield "mail.smtp: no username; most servers take mails only from those who log in"
    if not mail.support_address.lower().endswith(f"@{mail.message_id_domain}"):
        yield "mail.message_id_domain is not the domain of mail.support_address; some filters take that for forgery"
    if len(mail.own_addresses) < 3:
        yield "mail: two of support_address, info_address and escalation_address are the same; reports, enquiries and escalations cannot be told apart"  # noqa: E501 - one sentence


def _slack(config: Config) -> Iterator[str]:
    if config.slack.support_channel == config.slack.escalation_channel:
        yield "slack: support_channel and escalation_channel are the same"
    if not config.slack.managers:
        yield "slack.managers is empty: nobody can close an escalation"


def _sla(config: Config) -> Iterator[str]:
    terms = [
        ("critical", config.sla.critical),
        ("non_critical", config.sla.non_critical),
        ("question", config.sla.question),
    ]
    for (graver, first), (lighter, second) in pairwise(terms):
        for name in ("reaction", "reply"):
            if getattr(second, name) < getattr(first, name):
                yield f"sla.{lighter}.{name} is shorter than sla.{graver}.{name}"
    for name, term in terms:
        if not term.remind_at_percent:
            yield f"sla.{name}.remind_at_percent is empty: nobody is reminded before the breach"
        if name != "question" and term.delivery is None:
            yield f"sla.{name}.delivery is off: the service terms promise a replacement device"
    given = config.sla.calendar.model_fields_set & {"opens", "closes", "weekdays"}
    if config.sla.calendar.windows is not None and given:
        yield f"sla.calendar: {', '.join(sorted(given))} has no effect beside sla.calendar.windows"


def _escalation(config: Config) -> Iterator[str]:
    escalation, staff = config.escalation, {*config.slack.engineers, *config.slack.managers}
    if not escalation.mail_to:
        yield "escalation.mail_to is empty: while Slack is down, nobody hears of an escalation"
    if not escalation.team_leads:
        yield "escalation.team_leads is empty: steps that call the team lead go to the next one at once"
    people = [
        *(("escalation.team_leads", user) for user in escalation.team_leads),
        *(("duty.weekly", user) for duty in config.duty.weekly for user in (duty.user, duty.substitute) if user),
    ]
    for where, user in dict.fromkeys(people):
        if user not in staff:
            yield f"{where}: {user} is neither in slack.engineers nor in slack.managers and could not act when called"


def _operation(config: Config) -> Iterator[str]:
    url = config.database.url.get_secret_value()
    if url.startswith("sqlite+aiosqlite:///") and not url.startswith("sqlite+aiosqlite:////"):
        yield "database.url: the file's name is relative to the folder in which the bot is started"
    if config.health.host not in LOOPBACK:
        yield f"health.host: {config.health.host} can be reached from other machines"
    if config.health.port == 0:
        yield "health.port is 0: the port differs from start to start, so `hezo360 health` cannot find it"
