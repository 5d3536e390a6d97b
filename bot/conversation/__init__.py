"""Requests, messages and forms common to all platforms, and the dispatcher that answers the requests.

In: a `Request` built by an adapter. Out: a `Reply` (a `Message` or a `Form`) for a renderer. This room
depends on no platform and on no policy.
"""
