"""Clause 5.10: anonymous reports of negative posts, from the first word typed to destruction.

In: what a person wrote, never who they are; what the holders of two roles do with it. Out: sealed cases;
alerts, weekly figures and PDFs for the outbox; answers to whoever has the code of a report.
"""
