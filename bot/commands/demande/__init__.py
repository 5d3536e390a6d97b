"""Requests for a permission or a consent, their answers, and the register of permissions."""
