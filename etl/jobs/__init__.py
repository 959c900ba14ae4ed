"""The pipeline: stages put together, run, rerun, schedule."""
