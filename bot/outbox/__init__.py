"""Everything the bot sends unprompted: durable rows, routes, sending.

In: a notice, its arguments and a recipient, in the transaction that causes the message. Out: one message on a
platform, or a dead letter and its announcement. A message can be sent twice in three cases only. After a
restoration, the second copy says that it is one. When it is uncertain whether an e-mail was delivered, both
copies have the same Message-ID. The third case is the same uncertainty in a Slack channel whose history the
bot may not read.
"""
