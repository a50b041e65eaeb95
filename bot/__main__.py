"""`python -m bot` is `interlock`."""

from bot.cli import main

main()
