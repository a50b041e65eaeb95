"""The seeded world: a bank's data platform, its people and its tickets, dated relative to a given day."""
