"""Interchanges of ours to bytes."""
