"""The practice Slack: its state, what people do in it, its Web API, and how it reaches the app."""
