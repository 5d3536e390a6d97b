"""What changed between two versions, clause by clause, and where each clause went."""
