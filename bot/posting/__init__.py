"""The examination of a post before it is published: which clauses of a policy it touches.

In: a post, and the checks (subjects to look for) that a policy's annotations name. Out: concerns, each with a
check, its clauses, and the words of the post that raised it. A post is never stored or logged.
"""
