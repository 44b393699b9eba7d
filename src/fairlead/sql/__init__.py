"""SQL statements, text in and text out: which tables one touches, and the same one on others.

No connection and no driver is known here. A statement that cannot be explained to the last name is
refused: isolation fails closed. Needs ``fairlead[sql]``; nothing of it is imported before a
statement is parsed.
"""
