"""One job, beside whatever runs: `python job.py groups`. People ask the running server for it instead."""

import os
import sys

from bot.job_desk import open_desk
from bot.wiring import now

if __name__ == "__main__":
    with open_desk(os.environ) as desk:
        sys.exit(any(run.outcome != "done" for run in desk.runner.run_now(sys.argv[1], now())))
