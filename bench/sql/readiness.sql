-- What `/release readiness` shows beyond `/release status`, as plain SQL for SQLite and PostgreSQL alike.
--
-- Parameters, beside those of status.sql: now, environments, begins and ends (of the target's local day), past (the
-- oldest day that the trend may compare with), and reach (since when the forecast looks back).

-- name: progress
SELECT ticket.team_key, count(*),
       sum(CASE WHEN ticket.category = 'done' THEN 1 ELSE 0 END),
       sum(coalesce(ticket.story_points, 0)),
       sum(CASE WHEN ticket.category = 'done' THEN coalesce(ticket.story_points, 0) ELSE 0 END)
FROM scope
JOIN ticket ON ticket.id = scope.ticket_id
WHERE scope.release_id = :release AND scope.removed_at IS NULL
GROUP BY ticket.team_key;

-- name: evidence
SELECT evidence.criterion, evidence.ticked, evidence.value, evidence.link, evidence.at, evidence.reporter, person.name
FROM criterion_evidence AS evidence
LEFT JOIN person ON person.slack_id = evidence.slack_id
WHERE evidence.id IN (SELECT max(id) FROM criterion_evidence WHERE release_id = :release GROUP BY criterion);

-- name: waivers
SELECT criterion, until, reason FROM waiver
WHERE release_id = :release AND state = 'granted' AND expires_at > :now;

-- name: environments
SELECT environment.key, environment.lifecycle, EXISTS (
    SELECT 1 FROM booking
    WHERE booking.environment_id = environment.id AND booking.release_id = :release AND booking.state = 'active'
      AND booking.starts < :ends AND booking.ends > :begins
)
FROM environment WHERE environment.key IN (:environments);

-- name: past
SELECT day, light, passed, total FROM readiness_day WHERE release_id = :release AND day >= :past;

-- name: finished
SELECT ticket.team_key, coalesce((
    SELECT max(ticket_change.at) FROM ticket_change
    JOIN status AS after ON after.id = ticket_change.after
    LEFT JOIN status AS before ON before.id = ticket_change.before
    WHERE ticket_change.ticket_id = ticket.id AND ticket_change.field = 'status' AND ticket_change.at >= :reach
      AND after.category = 'done' AND (before.category IS NULL OR before.category <> 'done')
), ticket.resolved)
FROM ticket
WHERE ticket.category = 'done' AND ticket.updated >= :reach AND ticket.deleted_at IS NULL AND ticket.team_key IN (
    SELECT DISTINCT open.team_key FROM scope JOIN ticket AS open ON open.id = scope.ticket_id
    WHERE scope.release_id = :release AND scope.removed_at IS NULL AND open.category <> 'done'
);

-- name: joined
SELECT ticket.team_key, scope.added_at
FROM scope
JOIN ticket ON ticket.id = scope.ticket_id
WHERE scope.release_id = :release AND scope.removed_at IS NULL AND scope.added_at >= :reach
  AND scope.added_at > :scope_opened
  AND (ticket.category <> 'done' OR ticket.resolved IS NULL OR ticket.resolved > scope.added_at);
