"""Endpoints: SFTP and local folders; list, settle, fetch, deliver."""
