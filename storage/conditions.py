"""Conditions of partial indexes, which queries have to repeat literally; more of `storage.schema`."""

from __future__ import annotations

# Of rows that are let go some day (`storage.retention`).
INBOX_IS_KEPT = "size > 0 AND state IN ('done', 'duplicate')"
OUTBOX_HAS_OCTETS = "raw IS NOT NULL AND state IN ('sent', 'cancelled')"
OUTBOX_IS_PASSING = "state = 'sent' AND type IN ('PostCard', 'PostEscalationCard', 'PublishHome', 'TellUser')"
"""None of these ever has a dedupe key, which would have to stay."""
TICKET_HAS_WORDS = "closed_at IS NOT NULL AND erased_at IS NULL"
TIMER_IS_OVER = "state IN ('done', 'cancelled')"

# Of what the auditor asks (`storage.auditing`).
TICKET_IS_IDLE = "unfinished_clocks = 0 AND state IN ('incomplete', 'held', 'open')"
TIMER_IS_OF_ESCALATION = "state = 'pending' AND escalation_id IS NOT NULL"
TIMER_IS_PARKED = "state = 'parked'"
CLOCK_HAS_ENDED = "ended_at IS NOT NULL"
CLOCK_IS_RUNNING = "state = 'running'"
