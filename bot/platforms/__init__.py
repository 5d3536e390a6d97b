"""The platforms that people are on: one adapter and one pure renderer each.

In: the platform's events, and unprompted messages to deliver. Out: requests for the dispatcher, payloads
rendered from its replies, and who enters and leaves the followed groups.
"""
