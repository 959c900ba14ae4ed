"""File-based batch ETL and managed file transfer between carriers, forwarders, brokers and Odoo."""

__version__ = "0.1.0"
