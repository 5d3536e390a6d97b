"""The comparison of two versions, clause by clause, and what became of each clause."""
