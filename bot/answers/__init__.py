"""Answers to questions: the clauses of the policy that apply, or an honest no.

In: a question in French or English; a policy's text, its bank of questions and its guidance. Out: a
`PolicyAnswer` (one to three clauses, a choice, or one of three kinds of no), and the unanswered questions,
masked.
"""
