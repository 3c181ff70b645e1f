"""auth.test, users.*, usergroups.*, team.info, bots.info: who is who."""

from __future__ import annotations

from bot.sandbox.slack.call import Call
from bot.sandbox.slack.model import Json, SlackError, User
from bot.sandbox.slack.shapes import bot_json, user_json, usergroup_json


def api_test(call: Call) -> Json:
    """api.test: gives back what it got."""
    error = call.args.text("error")
    if error:
        raise SlackError(error, args=call.args.raw)
    return {"args": call.args.raw}


def auth_test(call: Call) -> Json:
    """auth.test."""
    workspace = call.workspace
    return {
        "url": f"https://{workspace.team.domain}.slack.com/",
        "team": workspace.team.name,
        "user": workspace.bot_user.name,
        "team_id": workspace.team.id,
        "user_id": workspace.bot_user.id,
        "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
    }


def _shape(call: Call, user: User) -> Json:
    shape = user_json(call.workspace, user, with_email="users:read.email" in call.backstage.granted)
    if call.args.flag("include_locale"):
        shape["locale"] = user.locale
    return shape


def user_info(call: Call) -> Json:
    """users.info; people of other teams only when they share a conversation with the bot."""
    user = call.workspace.users.get(call.args.required("user"))
    if user is None:
        raise SlackError("user_not_found")
    shared = any(user.id in channel.members and call.is_member(channel) for channel in call.workspace.channels.values())
    if call.workspace.is_stranger(user.id) and not shared:
        raise SlackError("user_not_visible")
    return {"user": _shape(call, user)}


def user_list(call: Call) -> Json:
    """users.list: our own team."""
    own = [user for user in call.workspace.users.values() if not call.workspace.is_stranger(user.id)]
    shapes, more = call.page(own, lambda user: _shape(call, user))
    return {"members": shapes, "cache_ts": call.workspace.epoch(), **more}


def lookup_by_email(call: Call) -> Json:
    """users.lookupByEmail: our own team."""
    email = call.args.required("email").lower()
    for user in call.workspace.users.values():
        if (user.email or "").lower() == email and not user.deleted and not call.workspace.is_stranger(user.id):
            return {"user": _shape(call, user)}
    raise SlackError("users_not_found")


def usergroup_list(call: Call) -> Json:
    """usergroups.list."""
    with_users = call.args.flag("include_users")
    groups = call.workspace.usergroups.values()
    return {"usergroups": [usergroup_json(call.workspace, group, with_users=with_users) for group in groups]}


def usergroup_users(call: Call) -> Json:
    """usergroups.users.list."""
    group = call.workspace.usergroups.get(call.args.required("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}


def team_info(call: Call) -> Json:
    """team.info."""
    team = call.workspace.teams.get(call.args.text("team") or call.workspace.team.id)
    if team is None:
        raise SlackError("team_not_found")
    return {"team": {"id": team.id, "name": team.name, "domain": team.domain, "email_domain": "", "icon": {}}}


def bot_info(call: Call) -> Json:
    """bots.info."""
    bot = call.args.text("bot") or call.workspace.bot_id
    if all(user.bot_id != bot for user in call.workspace.users.values()):
        raise SlackError("bot_not_found")
    return {"bot": bot_json(call.workspace, bot)}


METHODS = {
    "api.test": api_test,
    "auth.test": auth_test,
    "users.info": user_info,
    "users.list": user_list,
    "users.lookupByEmail": lookup_by_email,
    "usergroups.list": usergroup_list,
    "usergroups.users.list": usergroup_users,
    "team.info": team_info,
    "bots.info": bot_info,
}
