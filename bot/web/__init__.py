"""The web form for reports, without accounts or scripts.

In: HTTP requests from anyone. Out: pages, and reports to the same intake as from the chat
(`bot.reports.intake`).
"""
