"""files.*: the three steps of an upload. The middle one, the POST of the bytes, is a route of its own."""

import mimetypes
from dataclasses import replace

from sandbox.slack import shapes
from sandbox.slack.answers import BLOCKS_ONLY
from sandbox.slack.api.call import Answer, Call, Method, RefusalError, json_list, ok, refused_blocks
from sandbox.slack.blocks import InvalidBlocksError, message_blocks
from sandbox.slack.values import File


def get_upload_url(call: Call) -> Answer:
    name, workspace = call.need("filename"), call.context.workspace
    call.need("length")
    file = File(
        id=workspace.new_id("F"),
        name=name,
        title=name,
        mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream",
        user=workspace.app_user,
        created=int(workspace.clock()),
        alt_text=call.text("alt_txt"),
    )
    workspace.put_file(file)
    return ok(upload_url=f"{call.context.settings.base_url}/files/upload/{file.id}", file_id=file.id)


def complete_upload(call: Call) -> Answer:
    """Makes uploads visible, as one message where a conversation is named."""
    files = [_uploaded(call, str(one.get("id")), one.get("title")) for one in json_list(call.json("files"))]
    for file in files:
        call.context.workspace.put_file(file)
    if call.text("channel_id") or call.text("channels"):
        _share(call, files)
    workspace = call.context.workspace
    return ok(files=[shapes.file(workspace, file, call.context.settings) for file in files])


def _uploaded(call: Call, file_id: str, title: str | None) -> File:
    try:
        file = call.context.workspace.file(file_id)
    except KeyError:
        raise RefusalError("file_not_found") from None
    if not file.content:
        raise RefusalError("file_not_found")
    return replace(file, complete=True, title=title or file.title)


def _share(call: Call, files: list[File]) -> None:
    channel = call.channel("channel_id" if call.text("channel_id") else "channels")
    if not call.is_member(channel):
        raise RefusalError("not_in_channel")
    try:
        blocks = message_blocks(call.json("blocks"), call.context.workspace.new_id)
    except InvalidBlocksError as error:
        raise refused_blocks(error) from None
    workspace = call.context.workspace
    message = workspace.post(
        channel.id,
        workspace.app_user,
        call.text("initial_comment") or (BLOCKS_ONLY if blocks else ""),
        bot_id=workspace.app_bot,
        blocks=blocks,
        files=tuple(file.id for file in files),
        thread_ts=call.text("thread_ts") or None,
    )
    call.context.events.said(message)


METHODS = {
    "files.getUploadURLExternal": Method(get_upload_url, tier=4, scope="files:write"),
    "files.completeUploadExternal": Method(complete_upload, tier=4, scope="files:write"),
}
