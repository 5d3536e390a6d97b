"""Everything the bot says unprompted: durable rows, routes, sending.

In: a notice, its arguments and a recipient, in the transaction of the fact that causes it. Out: one message
on a platform, or a dead letter that is announced; never twice, but after a restoration, which is said.
"""
