"""What people do with messages and channels: write, edit, delete, react, upload, join, leave."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from bot.sandbox.slack.element_state import with_ids
from bot.sandbox.slack.methods_files import share
from bot.sandbox.slack.model import Channel, Json, Message, NotPossible
from bot.sandbox.slack.people_base import PeopleBase, Upload, as_typed


def _typed_blocks(text: str) -> list[Json]:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return with_ids([{"type": "rich_text", "elements": [section]}])


class MessagePeople(PeopleBase):
    """The part of `People` that is about messages."""

    async def post(
        self,
        user: str,
        channel: str,
        text: str,
        *,
        thread_ts: str | None = None,
        files: Sequence[Upload] = (),
        broadcast: bool = False,
    ) -> Message:
        """Write a message as typed in the client (see `as_typed`), into a thread, with files.

        Raises:
            NotPossible: not a member, channel archived, or no such thread.
        """
        place = self._inside(user, channel)
        message = Message(
            ts=self._workspace.new_ts(),
            channel=channel,
            user=user,
            text=as_typed(text),
            team=self._person(user).team_id,
            thread_ts=self._parent(place, thread_ts),
            blocks=_typed_blocks(text) if text else [],
            client_msg_id=str(uuid.uuid4()),
        )
        if files:
            message.subtype = "file_share"
            message.files = [self._store(user, upload).id for upload in files]
            share(self._backstage, message)
            return message
        if broadcast and message.thread_ts:
            message.subtype = "thread_broadcast"
        return self._backstage.post(message)

    def _parent(self, channel: Channel, thread_ts: str | None) -> str | None:
        if thread_ts is None:
            return None
        if thread_ts not in channel.messages:
            raise NotPossible(f"there is no message {thread_ts} to reply to")
        return channel.messages[thread_ts].thread_ts or thread_ts

    async def upload(
        self, user: str, channel: str, name: str, content: bytes, *, comment: str = "", thread_ts: str | None = None
    ) -> Message:
        """Share one file, with a comment or without."""
        return await self.post(user, channel, comment, thread_ts=thread_ts, files=[Upload(name, content)])

    async def dm(self, user: str, text: str) -> Message:
        """Write to the bot directly."""
        return await self.post(user, self._workspace.direct_channel([user]).id, text)

    async def post_as_bot(
        self,
        bot: str,
        channel: str,
        text: str,
        *,
        blocks: Sequence[Json] = (),
        thread_ts: str | None = None,
        webhook: bool = False,
    ) -> Message:
        """Another app posts (`bot` is a user of `add_bot`); `webhook` posts as `bot_message`, without a user."""
        user = self._person(bot)
        place = self._workspace.channel(channel)
        message = Message(
            ts=self._workspace.new_ts(),
            channel=channel,
            user=None if webhook else bot,
            text=text,
            team=user.team_id,
            thread_ts=self._parent(place, thread_ts),
            blocks=with_ids(list(blocks)),
            bot_id=user.bot_id,
            app_id=user.app_id,
            username=user.name if webhook else None,
            subtype="bot_message" if webhook else None,
        )
        return self._backstage.post(message)

    def _own(self, user: str, channel: str, ts: str) -> Message:
        message = self._visible(user, channel, ts)
        if message.user != user:
            raise NotPossible(f"{ts} is not a message of {user}")
        return message

    async def edit(self, user: str, channel: str, ts: str, text: str) -> Message:
        """Change an own message; it shows "(edited)" then."""
        message = self._own(user, channel, ts)
        edited = {"user": user, "ts": self._workspace.new_ts()}

        def apply(changed: Message) -> None:
            changed.text, changed.blocks, changed.edited = as_typed(text), _typed_blocks(text), edited

        self._backstage.change(message, apply)
        return message

    async def delete(self, user: str, channel: str, ts: str) -> None:
        """Delete an own message."""
        self._backstage.delete(self._own(user, channel, ts))

    async def delete_as_admin(self, user: str, channel: str, ts: str) -> None:
        """Delete anybody's message, as workspace admins may; also the bot's."""
        self._backstage.delete(self._visible(user, channel, ts))

    async def unfold_links(self, channel: str, ts: str) -> None:
        """Let Slack add a link preview: `message_changed` without any change of the words."""
        preview = {"id": 1, "title": "Example", "from_url": "https://example.com/", "fallback": "Example"}
        self._backstage.change(
            self._workspace.message(channel, ts), lambda message: message.attachments.append(preview)
        )

    async def react(self, user: str, channel: str, ts: str, emoji: str) -> None:
        """Add a reaction (`eyes`, `white_check_mark`, ...)."""
        message = self._visible(user, channel, ts)
        self._inside(user, channel)
        users = message.reactions.setdefault(emoji, [])
        if user not in users:
            users.append(user)
            self._backstage.events.reaction("reaction_added", user, emoji, message)

    async def unreact(self, user: str, channel: str, ts: str, emoji: str) -> None:
        """Take an own reaction back."""
        message = self._visible(user, channel, ts)
        if user not in message.reactions.get(emoji, ()):
            raise NotPossible(f"{user} did not react with {emoji}")
        message.reactions[emoji].remove(user)
        if not message.reactions[emoji]:
            del message.reactions[emoji]
        self._backstage.events.reaction("reaction_removed", user, emoji, message)

    # --- channels and groups

    async def join(self, user: str, channel: str, *, inviter: str | None = None) -> None:
        """Become a member, or be invited; our bot's user works too (invite the bot)."""
        place = self._workspace.channel(channel)
        if user not in place.members:
            place.members.append(user)
            self._workspace.update_sharing(place)
            self._backstage.events.member("member_joined_channel", user, place, inviter)

    async def leave(self, user: str, channel: str) -> None:
        """Leave a channel."""
        self._inside(user, channel, writing=False).members.remove(user)
        self._backstage.events.member("member_left_channel", user, self._workspace.channel(channel))

    async def remove_bot(self, user: str, channel: str) -> None:
        """Remove our bot from a channel."""
        place = self._workspace.channel(channel)
        if self._workspace.bot_user.id not in place.members:
            raise NotPossible(f"the bot is not in {channel}")
        place.members.remove(self._workspace.bot_user.id)
        self._backstage.events.bot_left(place, user)

    async def archive(self, user: str, channel: str) -> None:
        """Archive a channel: nobody can write there any more."""
        place = self._workspace.channel(channel)
        place.is_archived = True
        self._backstage.events.channel_state("archive", place, user)

    async def unarchive(self, user: str, channel: str) -> None:
        """Bring an archived channel back."""
        place = self._workspace.channel(channel)
        place.is_archived = False
        self._backstage.events.channel_state("unarchive", place, user)

    async def rename(self, user: str, channel: str, name: str) -> None:
        """Give a channel another name."""
        place = self._workspace.channel(channel)
        place.name = name
        self._backstage.events.channel_state("rename", place, user)

    async def set_usergroup(self, group: str, users: Iterable[str]) -> None:
        """Put these people, and nobody else, into a user group."""
        if group not in self._workspace.usergroups:
            raise NotPossible(f"there is no user group {group}")
        self._workspace.usergroups[group].users = list(users)
        self._backstage.events.usergroup_changed(group)

    async def deactivate(self, user: str) -> None:
        """Deactivate a person's account."""
        self._person(user).deleted = True
        self._backstage.events.user_changed(user)

    async def open_home(self, user: str, tab: str = "home") -> None:
        """Open the app's Home tab, or with `messages` its conversation."""
        self._person(user)
        self._backstage.events.app_home_opened(user, tab)
