"""The neutral language between people and commands: messages, forms, requests, and the dispatcher.

In: a `Request` built by an adapter. Out: a `Reply` (a `Message` or a `Form`) for a renderer. This package
knows nothing of any platform or policy.
"""
