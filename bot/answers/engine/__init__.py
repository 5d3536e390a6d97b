"""The trained model: training, scoring and storage, with BM25 for a policy that has no bank.

In: a policy's text, its bank of questions, and a question. Out: a score for each clause and for each reason
to decline.
"""
