"""Drafts of a policy's annotations and questions, guessed from its text, unused until reviewed.

In: a version of a policy. Out: a folder of drafts. A draft that a person accepts goes to the policy's files.
"""
