"""The web form for reports, without account or script.

In: HTTP from anybody. Out: pages, and reports for the same intake as the chat's (`bot.reports.intake`).
"""
