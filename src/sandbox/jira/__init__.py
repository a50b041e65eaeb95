"""A practice Jira, Cloud or Data Center: what the bot calls, faithfully, and 404 for the rest."""
