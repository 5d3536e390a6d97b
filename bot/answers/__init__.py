"""From a question to the clauses that answer it, or an honest no.

In: a question in French or English; a policy's text, its bank of questions and its guidance. Out: a
`PolicyAnswer` (one to three clauses, a choice, or one of three kinds of no), and the questions that found no
answer, masked.
"""
