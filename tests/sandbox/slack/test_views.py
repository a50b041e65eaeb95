"""views.*: triggers, stacks, hashes and the Home tab."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk import WebClient

from sandbox.slack.server import Running
from sandbox.slack.workspace import Workspace

Refusal = Callable[..., dict[str, Any]]
ANA = "U0ANA"


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def modal(title: str = "Reject", **more: Any) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": "text"}
    return {
        "type": "modal",
        "title": plain(title),
        "submit": plain("Reject"),
        "blocks": [{"type": "input", "block_id": "reason", "label": plain("Reason"), "element": element}],
        **more,
    }


HOME = {"type": "home", "blocks": [{"type": "divider"}]}


@pytest.fixture
def trigger(slack: Running) -> Callable[..., str]:
    return lambda **more: slack.slack.context.passes.trigger(ANA, **more)


def test_a_modal_opens_in_front_of_who_clicked(
    client: WebClient, workspace: Workspace, trigger: Callable[..., str]
) -> None:
    view = client.views_open(trigger_id=trigger(), view=modal(private_metadata="card:7"))["view"]
    shown = workspace.screens.modal(ANA)
    assert shown is not None
    assert (view["id"], view["private_metadata"], view["root_view_id"]) == (shown.id, "card:7", shown.id)
    assert view["state"]["values"] == {"reason": {"text": {"type": "plain_text_input", "value": None}}}
    assert workspace.screens.modal("U0RAVI") is None


def test_a_trigger_opens_once_and_for_three_seconds(
    client: WebClient, trigger: Callable[..., str], refusal: Refusal, clock: Any
) -> None:
    used = trigger()
    client.views_open(trigger_id=used, view=modal())
    assert refusal(client.views_open, trigger_id=used, view=modal())["error"] == "exchanged_trigger_id"
    late = trigger()
    clock.now += 3.1
    assert refusal(client.views_open, trigger_id=late, view=modal())["error"] == "expired_trigger_id"
    assert refusal(client.views_open, trigger_id="1.2.3", view=modal())["error"] == "invalid_trigger_id"


def test_a_refused_view_leaves_the_trigger_usable(
    client: WebClient, trigger: Callable[..., str], refusal: Refusal
) -> None:
    trigger_id = trigger()
    body = refusal(client.views_open, trigger_id=trigger_id, view=modal("a title of more than 24 characters"))
    assert body["error"] == "invalid_arguments"
    assert body["errors"] == ["must be less than 25 characters [json-pointer:/view/title/text]"]
    client.views_open(trigger_id=trigger_id, view=modal())


def test_a_stack_is_three_deep(
    client: WebClient, workspace: Workspace, trigger: Callable[..., str], refusal: Refusal
) -> None:
    root = client.views_open(trigger_id=trigger(), view=modal())["view"]["id"]
    second = client.views_push(trigger_id=trigger(view_id=root), view=modal("Two"))["view"]
    assert (second["root_view_id"], second["previous_view_id"]) == (root, root)
    client.views_push(trigger_id=trigger(view_id=second["id"]), view=modal("Three"))
    body = refusal(client.views_push, trigger_id=trigger(view_id=root), view=modal("Four"))
    assert body["error"] == "push_limit_reached"
    assert [view.body["title"]["text"] for view in workspace.screens.stack(ANA)] == ["Reject", "Two", "Three"]


def test_a_push_needs_an_open_modal(client: WebClient, trigger: Callable[..., str], refusal: Refusal) -> None:
    assert refusal(client.views_push, trigger_id=trigger(), view=modal())["error"] == "invalid_arguments"


def test_an_update_with_an_old_hash_is_refused(
    client: WebClient, trigger: Callable[..., str], refusal: Refusal
) -> None:
    view = client.views_open(trigger_id=trigger(), view=modal(external_id="reject-7"))["view"]
    newer = client.views_update(external_id="reject-7", hash=view["hash"], view=modal("Newer"))["view"]
    assert newer["hash"] != view["hash"]
    body = refusal(client.views_update, view_id=view["id"], hash=view["hash"], view=modal("Older"))
    assert body["error"] == "hash_conflict"


def test_what_was_entered_survives_an_update(
    slack: Running, client: WebClient, workspace: Workspace, trigger: Callable[..., str]
) -> None:
    view = client.views_open(trigger_id=trigger(), view=modal())["view"]
    state = {"reason": {"text": {"type": "plain_text_input", "value": "too early"}}}
    workspace.screens.change(view["id"], state=state)
    client.views_update(view_id=view["id"], view=modal("Again"))
    kept = workspace.screens.modal(ANA)
    assert kept is not None
    assert kept.state == state


def test_no_such_view(client: WebClient, refusal: Refusal) -> None:
    assert refusal(client.views_update, view_id="V0NONE", view=modal())["error"] == "not_found"


def test_an_external_id_is_taken_once(client: WebClient, trigger: Callable[..., str], refusal: Refusal) -> None:
    client.views_open(trigger_id=trigger(), view=modal(external_id="one"))
    body = refusal(client.views_open, trigger_id=trigger(), view=modal(external_id="one"))
    assert body["error"] == "duplicate_external_id"


def test_home(client: WebClient, workspace: Workspace, refusal: Refusal) -> None:
    first = client.views_publish(user_id=ANA, view=HOME)["view"]
    second = client.views_publish(user_id=ANA, view=HOME, hash=first["hash"])["view"]
    assert first["id"] == second["id"]
    assert refusal(client.views_publish, user_id=ANA, view=HOME, hash=first["hash"])["error"] == "hash_conflict"
    assert refusal(client.views_publish, user_id="U0NOBODY", view=HOME)["error"] == "user_not_found"
    assert refusal(client.views_publish, user_id=ANA, view=modal())["error"] == "invalid_arguments"
    assert workspace.screens.home("U0RAVI") is None
