"""Anonymous reports of negative posts (clause 5.10), from the first typed word to destruction.

In: the text of a report, without its author's identity, and the decisions of the people who handle reports.
Out: sealed cases, alerts, weekly figures and PDFs for the outbox, and a report's state, for anyone who has
its code.
"""
