"""Real servers for the tests: an SSH/SFTP server, PostgreSQL, Odoo 19 and a fault-making proxy.

Everything here starts genuine software on 127.0.0.1 and takes it down again.  Nothing is
skipped when a server cannot be had: the test fails and says what is missing.
"""
