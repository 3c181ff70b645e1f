"""A Slack workspace on this machine: Web API, Socket Mode and people who use it, strict where Slack is strict.

Unmodified slack-bolt and slack-sdk talk to it over real HTTP and WebSockets. It is the outside world for `hezo360 demo`
and for the scenario tests, so it keeps everything in memory and shares no code with the bot.
"""
