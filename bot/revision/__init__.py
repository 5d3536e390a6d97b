"""The life of a revision, a new text of a policy: proposed, approved, in force, announced to people.

In: a new text. Out: the changes clause by clause, notices, and a ledger of the recipients.
"""
