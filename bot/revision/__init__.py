"""The life of a revision, which is a new text of a policy: it is proposed, approved, in force, and announced.

In: a new text. Out: the changes clause by clause, notices, and a ledger of the recipients.
"""
