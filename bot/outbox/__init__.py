"""Everything the bot says unprompted: durable rows, routes, sending.

In: a notice, its arguments and a recipient, in the transaction of the fact that causes it. Out: one message
on a platform, or a dead letter that is announced. A message is repeated only after a restoration, and then
says so, or by e-mail, when nobody can tell whether it left; its Message-ID is then the same.
"""
