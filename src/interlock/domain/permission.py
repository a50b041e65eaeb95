"""The permissions that use cases name. Configuration gives each to roles; what it does not give is denied."""

from enum import StrEnum


class Permission(StrEnum):
    RELEASE_VIEW = "release.view"
    RELEASE_CREATE = "release.create"
    RELEASE_CLOSE = "release.close"
    SIGNOFF_REQUEST = "signoff.request"
    SIGNOFF_DECIDE = "signoff.decide"
    BLOCKER_VIEW = "blocker.view"
    BLOCKER_TAKE = "blocker.take"
    ENVIRONMENT_VIEW = "environment.view"
    ENVIRONMENT_BOOK = "environment.book"
    ENVIRONMENT_MANAGE = "environment.manage"
    DIGEST_RUN = "digest.run"
    JOB_VIEW = "job.view"
    JOB_RUN = "job.run"
    LINK_SELF = "link.self"
    LINK_CONFIRM = "link.confirm"
    TOKEN_SELF = "token.self"  # noqa: S105 a permission, not a secret
    AUDIT_VIEW = "audit.view"
