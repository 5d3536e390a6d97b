"""The conversion of an adopted file (Word, PDF, HTML, Markdown) to a policy's text.

In: the bytes of a file. Out: a `Document`, its changes from the version in force, and findings to review.
"""
