"""The comparison of two versions, clause by clause, and the new place of each clause."""
