"""The bot, which looks every second whether a job is due: `python eager.py run …`. What is due stays what it is."""

from datetime import timedelta

from bot.cli import main
from interlock.jobs.schedule import Schedule

if __name__ == "__main__":
    Schedule.__init__.__defaults__ = (timedelta(seconds=1),)  # its tick
    main()
