"""Permissions asked and given: a page, the logo, speaking for the association, and consent to an image.

In: what a person asks, and the answers of those who may decide on it. Out: requests whose states only go
forward, the private thread beside each, certificates in the register, and the notices of all this.
"""
