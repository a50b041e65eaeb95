"""No regular expression of ours takes time that grows with the square of a text."""

import importlib
import math
import multiprocessing
import pkgutil
import re
import resource
from collections.abc import Iterator
from typing import Any

import bot
import interlock
from bot.words import Meaning, Topic, meaning

LONG = 40_000
"""What Slack lets people say in one message."""
CPU_SECONDS = 20
"""Of the processor's time, which no other work on the machine adds to. All of ours need about two."""
EVIL = re.compile(r"^(a+)+$")


def expressions() -> dict[str, re.Pattern[str]]:
    """All that our modules compile, by where they stand."""
    found = {}
    for package in (bot, interlock):
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" in each.name or each.name.endswith("__main__"):
                continue
            module = importlib.import_module(each.name)
            for name, value in vars(module).items():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    found[f"{each.name}.{name}"] = value
    return found


def attacks(pattern: str) -> Iterator[str]:
    """Long runs of what the expression looks for, behind what it begins with, that fail at their end."""
    words = sorted(set(re.findall(r"[A-Za-z!:/@#<^]{2,}", pattern)))[:3]
    letters = sorted({each for each in pattern if not each.isalnum()} | set("aA0 _-"))
    for piece in (*letters, *words):
        yield piece * (LONG // len(piece)) + "\0"
        for head in words:
            yield head + piece * (LONG // len(piece)) + "\0"


def try_all(found: dict[str, re.Pattern[str]], seconds: int, done: Any) -> None:
    used = math.ceil(resource.getrusage(resource.RUSAGE_SELF).ru_utime)
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, used + seconds))
    for name, expression in found.items():
        done.put(name)
        for text in attacks(expression.pattern):
            expression.search(text)
    done.put("")


def stuck(found: dict[str, re.Pattern[str]], seconds: int = CPU_SECONDS) -> str:
    """The expression that did not come to an end; "" where all did."""
    context = multiprocessing.get_context("spawn")
    done = context.SimpleQueue()
    process = context.Process(target=try_all, args=(found, seconds, done))
    process.start()
    process.join()
    last = "nothing"
    while not done.empty():
        last = done.get()
    return last


def test_no_expression_is_walked_into_the_ground() -> None:
    """One whose steps grow with the square of 40,000 letters takes minutes; all of ours together take seconds."""
    found = expressions()
    assert len(found) > 30
    assert stuck(found) == ""


def test_and_one_that_is_would_be_found() -> None:
    assert stuck({"evil": EVIL}, seconds=1) == "evil"


def test_what_is_said_to_the_bot_is_looked_at_as_far_as_questions_go() -> None:
    for piece in ("stand ", "give ", "hold ", "a", "-", "train", "<@U1>", "<https://x|", "on the "):
        assert meaning(piece * (LONG // len(piece))).topic
    assert meaning("what is blocking 2026.12? " + "x" * LONG) == Meaning(topic=Topic.BLOCKERS, about="2026.12")
