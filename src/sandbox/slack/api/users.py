"""users.* and usergroups.*: who is there."""

from sandbox.slack import shapes
from sandbox.slack.api.call import Answer, Call, Method, RefusalError, ok
from sandbox.slack.values import Person


def list_(call: Call) -> Answer:
    people = call.context.workspace.people()
    page, after = call.page(people, default=len(people), most=1000)
    return ok(members=[_shown(call, person) for person in page], cache_ts=int(call.context.workspace.clock()), **after)


def info(call: Call) -> Answer:
    """The only answer that says who is a stranger; users.list leaves that to the team_id."""
    person = _person(call)
    return ok(user=_shown(call, person) | {"is_stranger": shapes.is_stranger(call.context.workspace, person)})


def lookup_by_email(call: Call) -> Answer:
    """Finds members of this workspace who are still here, whatever the address's case."""
    wanted, workspace = call.need("email").lower(), call.context.workspace
    for person in workspace.people():
        here = person.team_id == workspace.team_id and not person.deleted
        if here and person.email and person.email.lower() == wanted:
            return ok(user=_shown(call, person))
    raise RefusalError("users_not_found")


def profile_get(call: Call) -> Answer:
    return ok(profile=_shown(call, _person(call))["profile"])


def groups_list(call: Call) -> Answer:
    shown = []
    for group in call.context.workspace.groups():
        if group.disabled and not call.flag("include_disabled"):
            continue
        one = shapes.group(call.context.workspace, group, users=call.flag("include_users"))
        if not call.flag("include_count"):
            del one["user_count"]
        shown.append(one)
    return ok(usergroups=shown)


def group_users(call: Call) -> Answer:
    wanted = call.need("usergroup")
    for group in call.context.workspace.groups():
        if group.id == wanted:
            return ok(users=list(group.users))
    raise RefusalError("no_such_subteam")


def _person(call: Call) -> Person:
    try:
        return call.context.workspace.person(call.need("user"))
    except KeyError:
        raise RefusalError("user_not_found") from None


def _shown(call: Call, person: Person) -> Answer:
    return shapes.person(call.context.workspace, person, call.context.settings)


METHODS = {
    "users.list": Method(list_, tier=2, scope="users:read"),
    "users.info": Method(info, tier=4, scope="users:read"),
    "users.lookupByEmail": Method(lookup_by_email, tier=3, scope="users:read.email"),
    "users.profile.get": Method(profile_get, tier=4, scope="users.profile:read"),
    "usergroups.list": Method(groups_list, tier=2, scope="usergroups:read"),
    "usergroups.users.list": Method(group_users, tier=2, scope="usergroups:read"),
}
