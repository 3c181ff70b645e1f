"""The commands of `hezo360`, one file a group; `bot.cli.COMMANDS` names them."""
