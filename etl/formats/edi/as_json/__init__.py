"""A file as JSON and back, byte for byte."""
