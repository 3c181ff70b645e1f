"""Who may act: the people of the configuration and, as far as is known, the members of its Slack user groups."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from bot.config import Config


class StaffDirectory(Collection[str]):
    """The Slack ids of all engineers and managers; what is learnt of the groups holds from then on, everywhere.

    Attributes:
        config: The configuration with the groups' members among `slack.engineers` and `slack.managers`.
    """

    def __init__(self, config: Config) -> None:
        self._configured = config
        self.config = config

    @property
    def groups(self) -> tuple[str, ...]:
        """The user groups whose members count, each once."""
        slack = self._configured.slack
        return tuple(dict.fromkeys((*slack.engineer_groups, *slack.manager_groups)))

    def learn(self, members: Mapping[str, Sequence[str]]) -> None:
        """Let these be the members of the groups; a group that is not named has none."""
        slack = self._configured.slack
        engineers = _people(slack.engineers, slack.engineer_groups, members)
        managers = _people(slack.managers, slack.manager_groups, members)
        in_force = slack.model_copy(update={"engineers": engineers, "managers": managers})
        self.config = self._configured.model_copy(update={"slack": in_force})

    @property
    def leaders(self) -> Collection[str]:
        """Managers and team leads, as they are whenever it is asked."""
        return _Leaders(self)

    def __contains__(self, person: object) -> bool:
        return person in self.config.slack.engineers or person in self.config.slack.managers

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self.config.slack.engineers, *self.config.slack.managers)))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Leaders(Collection[str]):
    def __init__(self, directory: StaffDirectory) -> None:
        self._directory = directory

    def _now(self) -> tuple[str, ...]:
        config = self._directory.config
        return tuple(dict.fromkeys((*config.slack.managers, *config.escalation.team_leads)))

    def __contains__(self, person: object) -> bool:
        return person in self._now()

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())


def _people(named: Sequence[str], groups: Sequence[str], members: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Those who are named, then the members of the groups in their order, each once."""
    return tuple(dict.fromkeys((*named, *(person for group in groups for person in members.get(group, ())))))
