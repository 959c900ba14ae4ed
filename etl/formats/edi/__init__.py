"""One columnar core for X12 and EDIFACT: segments, loops, envelopes, checks, writers.

What differs between the two is told by a :class:`etl.formats.edi.syntax.Syntax`.
"""
