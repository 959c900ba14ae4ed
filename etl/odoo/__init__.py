"""The Odoo side: vendor bills pushed to a server (`OdooTarget`) or written as files to import.

Both implement `etl.odoo.target.Target`. Nothing here knows where the bills come from.
"""
