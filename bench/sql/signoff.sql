-- The rows that one approval writes, for SQLite and PostgreSQL alike: the sign-off, its audit event with the person
-- beside it, the chain's new head, the click that it was, and the two messages that follow from it (the card, the
-- signer's Home tab). Before them, what a decision is held against at the moment of the click, whatever else it reads:
-- the scope and who worked on it.

-- name: scope
SELECT ticket.id, ticket.key, ticket.category, ticket.priority
FROM scope
JOIN ticket ON ticket.id = scope.ticket_id
WHERE scope.release_id = :release_id AND scope.removed_at IS NULL
ORDER BY ticket.key;

-- name: assigned
SELECT DISTINCT ticket.assignee_id
FROM scope
JOIN ticket ON ticket.id = scope.ticket_id
WHERE scope.release_id = :release_id AND scope.removed_at IS NULL AND ticket.assignee_id IS NOT NULL;

-- name: reassigned
SELECT DISTINCT ticket_change.before, ticket_change.after
FROM scope
JOIN ticket_change ON ticket_change.ticket_id = scope.ticket_id
WHERE scope.release_id = :release_id AND scope.removed_at IS NULL
  AND ticket_change.field = 'assignee' AND ticket_change.at >= :opened;

-- name: head
SELECT seq, hash FROM audit_head WHERE id = 1;

-- name: signoff
INSERT INTO signoff (release_id, requirement_id, revision_id, slack_id, decision, fingerprint, auth, at)
VALUES (:release_id, :requirement_id, :revision_id, :slack_id, 'approved', :fingerprint, 'slack', :at);

-- name: click
INSERT INTO seen (key, at) VALUES (:click_key, :at);

-- name: event
INSERT INTO audit_event (seq, at, kind, release_id, body, previous, hash)
VALUES (:seq, :at, 'signoff.approved', :release_id, :body, :previous, :hash);

-- name: person
INSERT INTO audit_person (seq, role, salt, data) VALUES (:seq, 'actor', :salt, :data);

-- name: new_head
UPDATE audit_head SET seq = :seq, hash = :hash WHERE id = 1;

-- name: card
INSERT INTO outbox (key, coalesce, lane, kind, ids, channel, urgency, state, token, created_at, not_before, not_after, attempts)
VALUES (:card_key, :card, :card_lane, 'signoff.refresh', :card_ids, :channel, 0, 'pending', :card_token, :at, :at, :later, 0);

-- name: home
INSERT INTO outbox (key, coalesce, lane, kind, ids, channel, urgency, state, token, created_at, not_before, not_after, attempts)
VALUES (:home_key, :home, :home_lane, 'home', :home_ids, :person, 0, 'pending', :home_token, :at, :at, :later, 0);
