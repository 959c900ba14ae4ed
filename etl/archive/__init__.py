"""Originals and batch folders, written once; verify and restore."""
