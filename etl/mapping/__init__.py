"""The YAML mapping language: load, check, compile, apply."""
