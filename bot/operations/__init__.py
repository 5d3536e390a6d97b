"""The bot's health: health pages, metrics, the diagnostic.

In: the settings, the database, whether platforms are connected. Out: pages for monitoring programs, and
French lines for the volunteer who runs the bot.
"""
