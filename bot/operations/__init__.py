"""Keeping the bot healthy: health pages, metrics, the diagnostic.

In: the settings, the database, whether platforms are connected. Out: pages for machines, French lines for the
volunteer who runs the bot.
"""
