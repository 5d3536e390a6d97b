"""Answers to questions: the clauses of the policy that apply, or an honest « no answer ».

In: a question in French or English; a policy's text, its bank of questions and its guidance (`answers.toml`).
Out: a `PolicyAnswer` (one to three clauses, clauses to choose from, or one of three ways to decline), and the
unanswered questions, masked.
"""
