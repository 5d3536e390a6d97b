"""The supported platforms, each with one adapter and one pure renderer.

In: the platform's events, and unprompted messages to deliver. Out: requests for the dispatcher, payloads that
show its replies, and the arrivals and departures of members in the followed groups.
"""
