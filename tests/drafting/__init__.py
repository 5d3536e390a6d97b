"""Drafts of what interprets a policy, guessed from its text."""
