"""Everything the bot sends unprompted: durable rows, routes, sending.

In: a notice, its arguments and a recipient, in the transaction that causes the message. Out: one message on a
platform, or a dead letter and its announcement. A message can be sent twice in only three cases. After a
restoration, the second copy says so. By e-mail, when the first delivery is uncertain, both copies have the
same Message-ID. The third is a Slack channel whose history the bot may not read, when the first delivery is
uncertain.
"""
