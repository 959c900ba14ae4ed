"""Freight invoices against expected charges: match, tolerate, decide."""
