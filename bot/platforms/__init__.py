"""The supported platforms, each with one adapter and one pure renderer.

In: the platform's events, and unprompted messages to deliver. Out: requests for the dispatcher, payloads
rendered from its replies, and arrivals and departures in the followed groups.
"""
