"""``python -m etl``: the same as the command ``etl``."""

from etl.cli.main import main

main()
