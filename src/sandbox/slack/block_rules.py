"""The few kinds of rule that Slack's limits are made of. Each yields its complaints, worded as Slack words them."""

from collections.abc import Iterator
from typing import Any

from sandbox.slack.values import Json

Problem = str
MRKDWN = ("mrkdwn", "plain_text")


def required(node: Json, path: str, *keys: str) -> Iterator[Problem]:
    for key in keys:
        if node.get(key) is None:
            yield f"missing required field: {key} [json-pointer:{path}]"


def size(node: Json, key: str, path: str, most: int) -> Iterator[Problem]:
    """`node[key]`, where present, is a str of at most `most` characters."""
    value = node.get(key)
    if value is None:
        return
    if not isinstance(value, str):
        yield f"must be a string [json-pointer:{path}/{key}]"
    elif len(value) > most:
        yield f"must be less than {most + 1} characters [json-pointer:{path}/{key}]"


def text_size(value: Any, path: str, most: int) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield f"must be a string [json-pointer:{path}]"
    elif not value:
        yield f"must be more than 0 characters [json-pointer:{path}]"
    elif len(value) > most:
        yield f"must be less than {most + 1} characters [json-pointer:{path}]"


def text(node: Json, key: str, path: str, *, most: int, kinds: tuple[str, ...] = MRKDWN) -> Iterator[Problem]:
    """`node[key]`, where present, is a text object of one of `kinds`."""
    if node.get(key) is not None:
        yield from text_object(node[key], f"{path}/{key}", most=most, kinds=kinds)


def text_object(value: Any, path: str, *, most: int, kinds: tuple[str, ...] = MRKDWN) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield f"must provide an object [json-pointer:{path}]"
    elif value.get("type") not in kinds:
        yield f"must be one of: {', '.join(kinds)} [json-pointer:{path}/type]"
    else:
        yield from text_size(value.get("text"), f"{path}/text", most)


def many(node: Json, key: str, path: str, *, least: int, most: int) -> Iterator[Problem]:
    """`node[key]`, where present, is a list of `least` to `most` items."""
    value = node.get(key)
    if value is None:
        return
    if not isinstance(value, list):
        yield f"must be an array [json-pointer:{path}/{key}]"
        return
    if len(value) < least:
        yield f"no less than {least} items allowed [json-pointer:{path}/{key}]"
    yield from at_most(value, f"{path}/{key}", most)


def at_most(value: list[Any], path: str, most: int) -> Iterator[Problem]:
    if len(value) > most:
        yield f"no more than {most} items allowed [json-pointer:{path}]"
