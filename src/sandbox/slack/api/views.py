"""views.*: modals and the Home tab."""

from sandbox.slack import shapes
from sandbox.slack.api.call import Answer, Call, Method, RefusalError, invalid_arguments, ok, refused_blocks
from sandbox.slack.blocks import InvalidBlocksError, view_body
from sandbox.slack.passes import PassError, Trigger
from sandbox.slack.screens import DEEPEST_STACK
from sandbox.slack.values import Json, View


def open_(call: Call) -> Answer:
    body = _body(call, "modal")  # a view that is refused does not use the trigger up
    _unique(call, body)
    trigger = _trigger(call)
    return _shown(call, call.context.workspace.screens.open(trigger.user, body))


def push(call: Call) -> Answer:
    body = _body(call, "modal")
    _unique(call, body)
    trigger = _trigger(call)
    screens = call.context.workspace.screens
    stack = screens.stack(trigger.user)
    if trigger.view_id is None or trigger.view_id not in {view.id for view in stack}:
        raise invalid_arguments("trigger_id does not come from an open modal")
    if len(stack) >= DEEPEST_STACK:
        raise RefusalError("push_limit_reached")
    return _shown(call, screens.push(trigger.user, body))


def update(call: Call) -> Answer:
    body, screens = _body(call, "modal", "home"), call.context.workspace.screens
    try:
        view = screens.view(call.text("view_id")) if call.text("view_id") else None
    except KeyError:
        view = None
    if view is None and call.text("external_id"):
        view = screens.view_by_external_id(call.text("external_id"))
    if view is None:
        raise RefusalError("not_found")
    _same_hash(call, view)
    return _shown(call, screens.redraw(view.id, body))


def publish(call: Call) -> Answer:
    body, workspace = _body(call, "home"), call.context.workspace
    user = call.need("user_id")
    if user not in {person.id for person in workspace.people()}:
        raise RefusalError("user_not_found")
    home = workspace.screens.home(user)
    if home is not None:
        _same_hash(call, home)
    return _shown(call, workspace.screens.publish(user, body))


def _body(call: Call, *kinds: str) -> Json:
    given = call.json("view")
    if given is None:
        raise invalid_arguments("missing required field: view")
    try:
        return view_body(given, kinds, call.context.workspace.new_id)
    except InvalidBlocksError as error:
        raise refused_blocks(error) from None


def _unique(call: Call, body: Json) -> None:
    external_id = body.get("external_id")
    if external_id and call.context.workspace.screens.view_by_external_id(external_id) is not None:
        raise RefusalError("duplicate_external_id")


def _trigger(call: Call) -> Trigger:
    try:
        return call.context.passes.use_trigger(call.need("trigger_id"))
    except PassError as error:
        raise RefusalError(error.code) from None


def _same_hash(call: Call, view: View) -> None:
    if call.text("hash") and call.text("hash") != view.hash:
        raise RefusalError("hash_conflict")


def _shown(call: Call, view: View) -> Answer:
    return ok(view=shapes.view(call.context.workspace, view))


METHODS = {
    "views.open": Method(open_, tier=4),
    "views.push": Method(push, tier=4),
    "views.update": Method(update, tier=4),
    "views.publish": Method(publish, tier=4),
}
