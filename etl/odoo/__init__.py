"""The Odoo side: targets that take vendor bills."""
