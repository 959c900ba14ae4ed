"""Bytes to columns: pieces, segments, envelopes, places, rows."""
