"""The trained model of a policy's bank, and the index that answers from the text of a policy without a bank.

In: a policy's text, its bank of questions, and a question. Out: a score for each clause and for each reason
to decline.
"""
