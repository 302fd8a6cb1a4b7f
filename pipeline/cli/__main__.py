"""`python -m pipeline.cli`: the command line where no script is installed."""

from pipeline.cli import main

main()
