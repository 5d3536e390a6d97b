"""Everything the bot sends unprompted: durable rows, routes, sending.

In: a notice, its arguments and a recipient, in the transaction that causes the message. Out: one message on
a platform, or a dead letter and its announcement. A message is sent twice in three cases only: after a
restoration, where the second copy says so; and when delivery is uncertain, by e-mail, under the same
Message-ID, or in a Slack channel whose history may not be read.
"""
