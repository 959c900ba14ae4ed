"""The demonstration: an SFTP server of our own and sample files of three partners."""
