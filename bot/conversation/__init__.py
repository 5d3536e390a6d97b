"""The neutral language between people and commands: messages, forms, requests, and the dispatcher.

In: a `Request` that an adapter made. Out: a `Reply`, a `Message` or a `Form`, for a renderer. No platform and
no policy is known here.
"""
