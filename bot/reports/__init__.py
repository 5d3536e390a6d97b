"""Clause 5.10: anonymous reports of negative posts, from the first word typed to destruction.

In: the text of a report, never its author's identity, and the actions of the holders of two roles.
Out: sealed cases, alerts, weekly figures and PDFs for the outbox, and answers to anyone who has the code of
a report.
"""
