"""The declared project: schedules.yaml, partners, environments; typed and validated."""
