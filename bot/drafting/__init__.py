"""Drafts of a policy's annotations and questions, guessed from its text, unused until reviewed.

In: a version. Out: a folder of drafts, and the accepted ones in the policy's own files.
"""
