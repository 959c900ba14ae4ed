"""The canonical record types: schemas, keys, validation."""
