"""One columnar core for X12 and EDIFACT: segments, loops, envelopes, checks, writers.

What differs between the two is told by a :class:`etl.formats.edi.syntax.Syntax`; the folders `x12`
and `edifact` have that, the structures of their transactions, and their acknowledgements.

The way of a file: `reading/framing` cuts it into pieces, `reading/segments` finds where everything
stands, `reading/envelope` gives transactions their envelopes, `reading/shapes` gives segments their
places in the `structures/`, `checks/` say what is wrong, `reading/rows` cuts out the columns that a
mapping asks for. `acknowledging/` answers, `writing/` writes, `viewing/` and `as_json/` show.
"""
