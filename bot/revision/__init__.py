"""The life of a revision: proposed, approved, put in force, announced to everyone concerned.

In: a new text. Out: the changes clause by clause, notices, and a ledger of the recipients.
"""
