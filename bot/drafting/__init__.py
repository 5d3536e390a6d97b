"""Drafts of what interprets a policy, guessed from its text: none serves until someone has read it.

In: a version. Out: a folder of drafts, and what a person keeps of them, beside the policy.
"""
