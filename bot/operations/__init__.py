"""The bot's health: the health pages, the metrics, the diagnostic.

In: the settings, the database, the state of the platforms' connections. Out: pages for monitoring programs,
and French lines for the volunteer who runs the bot.
"""
