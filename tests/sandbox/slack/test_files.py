"""Uploads, with the vendor's own three-step helper, and pins."""

from collections.abc import Callable
from typing import Any

import requests
from slack_sdk import WebClient

from sandbox.slack.server import Running
from sandbox.slack.workspace import Workspace

Refusal = Callable[..., dict[str, Any]]
GENERAL = "C0GENERAL"


def test_an_upload_is_a_message_with_a_file(slack: Running, client: WebClient, workspace: Workspace) -> None:
    root = client.chat_postMessage(channel=GENERAL, text="card")["ts"]
    client.files_upload_v2(
        channel=GENERAL,
        content=b"\x89PNG...",
        filename="readiness.png",
        title="Readiness",
        alt_txt="Ready on 14 Dec",
        initial_comment="The picture",
        thread_ts=root,
    )
    (message,) = workspace.replies(GENERAL, root)
    file = workspace.file(message.files[0])
    assert (message.text, file.title, file.alt_text, file.complete) == (
        "The picture",
        "Readiness",
        "Ready on 14 Dec",
        True,
    )
    (shown,) = client.conversations_replies(channel=GENERAL, ts=root)["messages"][1]["files"]
    got = requests.get(shown["url_private"], timeout=5)
    assert (got.content, got.headers["content-type"]) == (b"\x89PNG...", "image/png")


def test_an_upload_without_bytes_cannot_be_completed(client: WebClient, refusal: Refusal) -> None:
    asked = client.files_getUploadURLExternal(filename="a.txt", length=1)
    files = [{"id": asked["file_id"], "title": "a"}]
    assert refusal(client.files_completeUploadExternal, files=files)["error"] == "file_not_found"
    assert refusal(client.files_completeUploadExternal, files=[{"id": "F0NONE"}])["error"] == "file_not_found"


def test_pins(client: WebClient, refusal: Refusal) -> None:
    ts = client.chat_postMessage(channel=GENERAL, text="card")["ts"]
    client.pins_add(channel=GENERAL, timestamp=ts)
    assert refusal(client.pins_add, channel=GENERAL, timestamp=ts)["error"] == "already_pinned"
    assert [item["message"]["ts"] for item in client.pins_list(channel=GENERAL)["items"]] == [ts]
    client.pins_remove(channel=GENERAL, timestamp=ts)
    assert client.pins_list(channel=GENERAL)["items"] == []
    assert refusal(client.pins_add, channel=GENERAL, timestamp="1.000000")["error"] == "message_not_found"
