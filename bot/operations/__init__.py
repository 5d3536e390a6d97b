"""Keeping the bot healthy: health pages, metrics, the diagnostic.

In: the running bot, or its settings. Out: pages for machines, French lines for the volunteer.
"""
