"""Keeping the bot healthy: pages of health, figures, the diagnostic.

In: the settings, the database, whether platforms are connected. Out: pages for machines, French lines for the
volunteer who runs the bot.
"""
