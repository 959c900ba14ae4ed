"""Bytes to raw tables: X12, delimited, XML, and tables of our own."""
