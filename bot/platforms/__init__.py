"""Where people are: one adapter and one pure renderer for each platform.

In: the platform's events. Out: requests for the dispatcher, and payloads made from its replies.
"""
