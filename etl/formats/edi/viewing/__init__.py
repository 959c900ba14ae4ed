"""A file for people: segment by segment, and as a tree."""
