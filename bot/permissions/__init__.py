"""Permissions asked and given: a page, the logo, speaking for the association, and consent to an image.

In: a person's request, and the answers of those who may decide on it. Out: requests whose states only go
forward, a private thread for each, certificates in the register, and the notices about them.
"""
