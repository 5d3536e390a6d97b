"""Before publishing: from a text that someone means to post to the clauses that it touches.

In: a post, and the checks that a policy's annotations name. Out: concerns, each a check, its clauses, and the
words of the post that raised it. A post is never kept, stored or logged.
"""
