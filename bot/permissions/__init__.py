"""Requests to run a page, use the logo, speak for the association, or publish a person's image.

In: a person's request, and the decisions of the people who may grant it. Out: stored requests, whose states
only go forward, a private thread for each, certificates in the register, and notices to everyone involved.
"""
