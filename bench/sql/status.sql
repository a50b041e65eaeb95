-- Every figure of `/release status`, as plain SQL for SQLite and PostgreSQL alike.
--
-- Parameters: who, release_name, today, since (when the comparison begins), opened (the later of it and when the scope
-- opened), groups, emails, statuses (blocked ones, in lower case), and release, which the second statement tells.

-- name: asker
SELECT person.name, person.kind, person.active, user_group.handle, mirror.as_of
FROM person
LEFT JOIN user_group_member ON user_group_member.slack_id = person.slack_id
LEFT JOIN user_group ON user_group.id = user_group_member.group_id AND NOT user_group.deleted
LEFT JOIN mirror ON mirror.name = 'groups'
WHERE person.slack_id = :who;

-- name: release
SELECT id, name, stage, target, policy, scope_opened_at FROM release WHERE folded = :release_name;

-- name: milestone
SELECT name, due FROM milestone WHERE release_id = :release AND due >= :today ORDER BY position LIMIT 1;

-- name: scope
SELECT
    ticket.team_key,
    count(*),
    sum(CASE WHEN ticket.category = 'done' THEN 1 ELSE 0 END),
    sum(CASE WHEN ticket.security_level IS NOT NULL THEN 1 ELSE 0 END),
    sum(CASE WHEN ticket.created >= :since AND ticket.category = 'done' THEN 1 ELSE 0 END),
    sum(CASE WHEN ticket.updated >= :since AND ticket.created < :since AND scope.added_at > :since
             AND NOT ticket.changes_complete THEN 1 ELSE 0 END)
FROM scope
JOIN ticket ON ticket.id = scope.ticket_id
WHERE scope.release_id = :release AND scope.removed_at IS NULL
GROUP BY ticket.team_key;

-- name: moves
WITH change AS (
    SELECT ticket.category, ticket_change.before,
           row_number() OVER (PARTITION BY ticket.id ORDER BY ticket_change.at, ticket_change.id) AS place
    FROM scope
    JOIN ticket ON ticket.id = scope.ticket_id
    JOIN ticket_change ON ticket_change.ticket_id = ticket.id
    WHERE scope.release_id = :release AND scope.removed_at IS NULL
      AND ticket_change.field = 'status' AND ticket_change.at >= :since
      AND ticket.created < :since AND ticket.updated >= :since
),
status AS (
    SELECT told.id, (SELECT ticket.category FROM ticket WHERE ticket.status_id = told.id LIMIT 1) AS category
    FROM (SELECT DISTINCT before AS id FROM change WHERE place = 1) AS told
),
move AS (
    SELECT change.category AS after, status.category AS before
    FROM change
    LEFT JOIN status ON status.id = change.before
    WHERE change.place = 1
)
SELECT
    coalesce(sum(CASE WHEN before IS NULL OR before = 'undefined' THEN 0
                      ELSE CASE WHEN after = 'done' THEN 1 ELSE 0 END - CASE WHEN before = 'done' THEN 1 ELSE 0 END
                 END), 0),
    coalesce(sum(CASE WHEN before IS NULL OR before = 'undefined' THEN 1 ELSE 0 END), 0)
FROM move;

-- name: stays
WITH stay AS (
    SELECT ticket_id,
           max(CASE WHEN added_at <= :opened THEN 1 ELSE 0 END) AS before,
           max(CASE WHEN removed_at IS NULL THEN 1 ELSE 0 END) AS after
    FROM scope
    WHERE release_id = :release AND (added_at > :since OR removed_at > :since)
    GROUP BY ticket_id
)
SELECT
    coalesce(sum(CASE WHEN after = 1 AND before = 0 THEN 1 ELSE 0 END), 0),
    coalesce(sum(CASE WHEN after = 0 AND before = 1 THEN 1 ELSE 0 END), 0)
FROM stay;

-- name: signoffs
SELECT requirement.key, signoff.decision, person.name
FROM requirement
LEFT JOIN signoff ON signoff.requirement_id = requirement.id
    AND signoff.revoked_at IS NULL AND signoff.void_at IS NULL
LEFT JOIN person ON person.slack_id = signoff.slack_id
WHERE requirement.release_id = :release;

-- name: eligible
WITH able AS (
    SELECT user_group.handle AS entry, person.name, person.account_id
    FROM user_group
    JOIN user_group_member ON user_group_member.group_id = user_group.id
    JOIN person ON person.slack_id = user_group_member.slack_id
    WHERE user_group.handle IN (:groups) AND NOT user_group.deleted AND person.active AND person.kind = 'member'
    UNION ALL
    SELECT lower(person.email), person.name, person.account_id
    FROM person
    WHERE lower(person.email) IN (:emails) AND person.active AND person.kind = 'member'
),
change AS (
    SELECT ticket_change.before, ticket_change.after
    FROM scope
    JOIN ticket_change ON ticket_change.ticket_id = scope.ticket_id
    WHERE scope.release_id = :release AND scope.removed_at IS NULL
      AND ticket_change.field = 'assignee' AND ticket_change.at >= :scope_opened
),
worked AS (
    SELECT ticket.assignee_id AS account_id
    FROM scope
    JOIN ticket ON ticket.id = scope.ticket_id
    WHERE scope.release_id = :release AND scope.removed_at IS NULL
      AND ticket.assignee_id IN (SELECT account_id FROM able)
    UNION
    SELECT before FROM change
    UNION
    SELECT after FROM change
)
SELECT able.entry, able.name, worked.account_id IS NOT NULL
FROM able
LEFT JOIN worked ON worked.account_id = able.account_id;

-- name: blockers
WITH RECURSIVE
seed AS (
    SELECT ticket.id
    FROM scope
    JOIN ticket ON ticket.id = scope.ticket_id
    WHERE scope.release_id = :release AND scope.removed_at IS NULL
      AND ticket.category <> 'done' AND ticket.deleted_at IS NULL
      AND (ticket.flagged OR lower(ticket.status) IN (:statuses)
           OR EXISTS (SELECT 1 FROM ticket_link
                      WHERE ticket_link.ticket_id = ticket.id AND ticket_link.relation = 'blocked_by')
           OR EXISTS (SELECT 1 FROM ticket_link
                      WHERE ticket_link.other_id = ticket.id AND ticket_link.relation = 'blocks'))
),
-- All that the seeds wait for, step by step, open tickets only.
up AS (
    SELECT id FROM seed
    UNION
    SELECT ticket.id
    FROM up
    JOIN ticket_link ON (ticket_link.ticket_id = up.id AND ticket_link.relation = 'blocked_by')
                     OR (ticket_link.other_id = up.id AND ticket_link.relation = 'blocks')
    JOIN ticket ON ticket.id = CASE WHEN ticket_link.ticket_id = up.id THEN ticket_link.other_id
                                    ELSE ticket_link.ticket_id END
    WHERE ticket.category <> 'done' AND ticket.deleted_at IS NULL
),
-- All that waits for them.
down AS (
    SELECT id FROM up
    UNION
    SELECT ticket.id
    FROM down
    JOIN ticket_link ON (ticket_link.ticket_id = down.id AND ticket_link.relation = 'blocks')
                     OR (ticket_link.other_id = down.id AND ticket_link.relation = 'blocked_by')
    JOIN ticket ON ticket.id = CASE WHEN ticket_link.ticket_id = down.id THEN ticket_link.other_id
                                    ELSE ticket_link.ticket_id END
    WHERE ticket.category <> 'done' AND ticket.deleted_at IS NULL
),
-- What those wait for elsewhere decides whether closing a root frees them.
reach AS (
    SELECT id FROM down
    UNION
    SELECT ticket.id
    FROM reach
    JOIN ticket_link ON (ticket_link.ticket_id = reach.id AND ticket_link.relation = 'blocked_by')
                     OR (ticket_link.other_id = reach.id AND ticket_link.relation = 'blocks')
    JOIN ticket ON ticket.id = CASE WHEN ticket_link.ticket_id = reach.id THEN ticket_link.other_id
                                    ELSE ticket_link.ticket_id END
    WHERE ticket.category <> 'done' AND ticket.deleted_at IS NULL
),
-- CROSS JOIN, so that SQLite looks links up from the few tickets, and not the tickets up from all links.
wait AS (
    SELECT ticket_link.ticket_id AS waiting, blocker.id AS blocker, blocker.key
    FROM reach
    CROSS JOIN ticket_link
    JOIN ticket AS blocker ON blocker.id = ticket_link.other_id
    WHERE ticket_link.ticket_id = reach.id AND ticket_link.relation = 'blocked_by'
      AND blocker.category <> 'done' AND blocker.deleted_at IS NULL
    UNION
    SELECT ticket_link.other_id, blocker.id, blocker.key
    FROM reach
    CROSS JOIN ticket_link
    JOIN ticket AS blocker ON blocker.id = ticket_link.ticket_id
    WHERE ticket_link.other_id = reach.id AND ticket_link.relation = 'blocks'
      AND blocker.category <> 'done' AND blocker.deleted_at IS NULL
),
-- Every pair of a ticket that waits and the end of a chain that it waits for.
behind AS (
    SELECT blocker AS id, waiting FROM wait
    UNION
    SELECT wait.blocker, behind.waiting FROM behind JOIN wait ON wait.waiting = behind.id
),
held AS (
    SELECT id AS root, waiting FROM behind WHERE id NOT IN (SELECT waiting FROM wait)
),
ends AS (
    SELECT waiting, count(*) AS roots FROM held GROUP BY waiting
),
node AS (
    SELECT ticket.id, ticket.key, ticket.summary, ticket.team_key, ticket.assignee_id, ticket.security_level,
        CASE WHEN ticket.flagged THEN (
            SELECT max(at) FROM ticket_change
            WHERE ticket_change.ticket_id = ticket.id AND field = 'flagged'
              AND (coalesce(after, '') <> '' OR coalesce(after_text, '') <> ''))
        END AS flagged_at,
        CASE WHEN lower(ticket.status) IN (:statuses) THEN (
            SELECT max(at) FROM ticket_change
            WHERE ticket_change.ticket_id = ticket.id AND field = 'status'
              AND lower(after_text) = lower(ticket.status))
        END AS entered_at,
        (SELECT min(ticket_change.at) FROM ticket_change
         JOIN wait ON wait.waiting = ticket_change.ticket_id AND wait.key = ticket_change.after
         WHERE ticket_change.ticket_id = ticket.id AND field = 'link') AS linked_at,
        ticket.flagged OR lower(ticket.status) IN (:statuses) AS stuck_alone
    FROM reach
    JOIN ticket ON ticket.id = reach.id
),
stood AS (
    SELECT node.*,
        (SELECT min(at) FROM (SELECT flagged_at AS at UNION ALL SELECT entered_at UNION ALL SELECT linked_at) AS start)
            AS since
    FROM node
),
holder AS (
    SELECT held.root, count(*) AS holds,
        sum(CASE WHEN ends.roots = 1 THEN 1 ELSE 0 END) AS frees,
        min(waiter.since) AS since,
        max(CASE WHEN seed.id IS NOT NULL THEN 1 ELSE 0 END) AS in_the_way
    FROM held
    JOIN ends ON ends.waiting = held.waiting
    JOIN stood AS waiter ON waiter.id = held.waiting
    LEFT JOIN seed ON seed.id = held.waiting
    GROUP BY held.root
)
SELECT stood.key, coalesce(holder.frees, 0) AS frees, coalesce(holder.holds, 0) AS holds,
    coalesce(stood.since, holder.since, blocker.since) AS since,
    stood.summary, stood.team_key, stood.security_level, account.name, person.name
FROM stood
LEFT JOIN holder ON holder.root = stood.id
LEFT JOIN seed ON seed.id = stood.id
LEFT JOIN wait ON wait.waiting = stood.id
LEFT JOIN blocker ON blocker.ticket_id = stood.id AND blocker.cleared_at IS NULL
LEFT JOIN account ON account.id = stood.assignee_id
LEFT JOIN person ON person.account_id = stood.assignee_id AND person.linked_by IS NOT NULL
WHERE wait.waiting IS NULL AND (holder.in_the_way = 1 OR (stood.stuck_alone AND seed.id IS NOT NULL))
ORDER BY frees DESC, holds DESC, stood.key;

-- name: mirror
SELECT as_of FROM mirror WHERE name = 'tickets';
