"""`/quiz`: one question at a time, and what its screens say."""
