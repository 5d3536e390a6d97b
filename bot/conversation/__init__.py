"""The neutral language between people and commands: message, form, request, dispatcher, guard.

In: a `Request` made by an adapter. Out: a `Reply` for a renderer. No platform and no policy is known here.
"""
