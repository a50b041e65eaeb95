"""Modals and the Home tab, and the inputs in them. An input's action id is its block's: values come by block id."""

import json
from collections.abc import Iterable
from typing import Any, Final

from bot.views.blocks import OPTIONS, PLACEHOLDER, Block, apart, context, plain_text, section

VIEW_BLOCKS: Final = 100
TITLE: Final = 24
LABEL: Final = 2000
HINT: Final = 2000
PRIVATE: Final = 3000
INPUT: Final = 3000


def modal(
    callback_id: str,
    title: str,
    blocks: Iterable[Block | None],
    *,
    submit: str | None = None,
    close: str = "Cancel",
    private: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A modal view; without `submit` it only informs. `private` comes back with what is done in it, as JSON."""
    metadata = json.dumps(private or {}, separators=(",", ":"), ensure_ascii=False)
    if len(metadata) > PRIVATE:
        raise ValueError(f"{callback_id}: {len(metadata)} characters of private metadata; Slack keeps {PRIVATE}")
    view: dict[str, Any] = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain_text(title, TITLE),
        "close": plain_text(close, TITLE),
        "blocks": _fitting(blocks),
        "private_metadata": metadata,
    }
    return view | {"submit": plain_text(submit, TITLE)} if submit else view


def notice(title: str, text: str) -> dict[str, Any]:
    """A modal of one sentence: a refusal, or what was done."""
    return modal("notice", title, [section(text)], close="Close")


def home(blocks: Iterable[Block | None]) -> dict[str, Any]:
    return {"type": "home", "callback_id": "home", "blocks": _fitting(blocks)}


def input_text(
    block_id: str,
    label: str,
    *,
    initial: str | None = None,
    placeholder: str | None = None,
    hint: str | None = None,
    multiline: bool = False,
    optional: bool = False,
    at_most: int = INPUT,
) -> Block:
    element: Block = {"type": "plain_text_input", "multiline": multiline, "max_length": min(at_most, INPUT)}
    extra = {"initial_value": initial, "placeholder": _placeholder(placeholder)}
    return _input(block_id, label, element | _given(extra), hint=hint, optional=optional)


def input_date(
    block_id: str, label: str, *, initial: str | None = None, hint: str | None = None, optional: bool = False
) -> Block:
    """`initial` and the value as 2026-12-17."""
    element: Block = {"type": "datepicker"} | _given({"initial_date": initial})
    return _input(block_id, label, element, hint=hint, optional=optional)


def input_time(block_id: str, label: str, *, initial: str | None = None, hint: str | None = None) -> Block:
    """`initial` and the value as 13:00, on the clock of the person who enters it."""
    return _input(block_id, label, {"type": "timepicker"} | _given({"initial_time": initial}), hint=hint)


def input_moment(block_id: str, label: str, *, initial: int | None = None, hint: str | None = None) -> Block:
    """A date and time: `initial` in epoch seconds; the value too, as text."""
    return _input(block_id, label, {"type": "datetimepicker"} | _given({"initial_date_time": initial}), hint=hint)


def input_select(
    block_id: str,
    label: str,
    options: Iterable[Block],
    *,
    initial: str | None = None,
    placeholder: str | None = None,
    hint: str | None = None,
    optional: bool = False,
    dispatch: bool = False,
) -> Block:
    """One of `options`, of which there has to be one. With `dispatch`, choosing is a click too, whose action id is the
    block id."""
    kept = list(options)[:OPTIONS]
    chosen = next((entry for entry in kept if entry["value"] == initial), None)
    element: Block = {"type": "static_select", "options": kept}
    extra = {"initial_option": chosen, "placeholder": _placeholder(placeholder)}
    return _input(block_id, label, element | _given(extra), hint=hint, optional=optional, dispatch=dispatch)


def input_selects(
    block_id: str,
    label: str,
    options: Iterable[Block],
    *,
    initial: Iterable[str] = (),
    placeholder: str | None = None,
    hint: str | None = None,
    optional: bool = False,
    dispatch: bool = False,
) -> Block:
    """Several of `options`."""
    kept, wanted = list(options)[:OPTIONS], set(initial)
    element: Block = {"type": "multi_static_select", "options": kept}
    extra = {
        "initial_options": [entry for entry in kept if entry["value"] in wanted],
        "placeholder": _placeholder(placeholder),
    }
    return _input(block_id, label, element | _given(extra), hint=hint, optional=optional, dispatch=dispatch)


def input_external(
    block_id: str,
    label: str,
    *,
    several: bool = False,
    initial: Iterable[Block] = (),
    placeholder: str | None = None,
    hint: str | None = None,
    optional: bool = False,
    dispatch: bool = False,
    min_letters: int = 0,
) -> Block:
    """Options come from the row of SUGGESTIONS for this block id, while somebody types."""
    chosen = list(initial)
    element: Block = {
        "type": "multi_external_select" if several else "external_select",
        "min_query_length": min_letters,
    }
    extra: dict[str, Any] = {"placeholder": _placeholder(placeholder)}
    if chosen:
        extra |= {"initial_options": chosen} if several else {"initial_option": chosen[0]}
    return _input(block_id, label, element | _given(extra), hint=hint, optional=optional, dispatch=dispatch)


def input_channel(
    block_id: str, label: str, *, initial: str | None = None, hint: str | None = None, optional: bool = False
) -> Block:
    """One channel that the person can see, public or private; the value is its id."""
    element: Block = {
        "type": "conversations_select",
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    } | _given({"initial_conversation": initial})
    return _input(block_id, label, element, hint=hint, optional=optional)


def input_person(
    block_id: str, label: str, *, initial: str | None = None, hint: str | None = None, optional: bool = False
) -> Block:
    """One person of the workspace; `initial` and the value are Slack ids."""
    element: Block = {"type": "users_select"} | _given({"initial_user": initial})
    return _input(block_id, label, element, hint=hint, optional=optional)


def input_people(
    block_id: str, label: str, *, initial: Iterable[str] = (), hint: str | None = None, optional: bool = False
) -> Block:
    """Several people."""
    element: Block = {"type": "multi_users_select"} | _given({"initial_users": list(initial)})
    return _input(block_id, label, element, hint=hint, optional=optional)


def input_radio(
    block_id: str, label: str, options: Iterable[Block], *, initial: str | None = None, hint: str | None = None
) -> Block:
    """One of at most ten."""
    kept = list(options)[:10]
    chosen = next((entry for entry in kept if entry["value"] == initial), None)
    element: Block = {"type": "radio_buttons", "options": kept} | _given({"initial_option": chosen})
    return _input(block_id, label, element, hint=hint)


def input_checkbox(block_id: str, label: str, options: Iterable[Block], *, hint: str | None = None) -> Block:
    """Any of at most ten, or none; the value is what is ticked."""
    return _input(block_id, label, {"type": "checkboxes", "options": list(options)[:10]}, hint=hint, optional=True)


def _input(
    block_id: str, label: str, element: Block, *, hint: str | None, optional: bool = False, dispatch: bool = False
) -> Block:
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label, LABEL),
        "element": element | {"action_id": block_id},
        "optional": optional,
    }
    extra = {"hint": plain_text(hint, HINT) if hint else None, "dispatch_action": dispatch or None}
    return block | _given(extra)


def _placeholder(text: str | None) -> Block | None:
    return plain_text(text, PLACEHOLDER) if text else None


def _given(extra: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in extra.items() if value not in (None, "", [])}


def _fitting(blocks: Iterable[Block | None]) -> list[Block]:
    wanted = apart(blocks)
    if len(wanted) <= VIEW_BLOCKS:
        return wanted
    return [*wanted[: VIEW_BLOCKS - 1], context("There is more than one view can hold.")]
