"""From a question to the clauses that answer it, or an honest no.

In: a question in French. Out: one to three clauses, a choice, or one of three kinds of no.
"""
