"""What the gate is measured against: small programs in four languages that answer one protocol.

A program prints the names of its cases on one line. For each line ``CASE OPERATIONS`` that it is
sent it then prints the nanoseconds of one operation: the median of twenty slices.
"""
