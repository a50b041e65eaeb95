"""A sentence names the file that a secret comes from, not the variable that is not set."""

import pytest

from interlock.config.origin import say_where, secret_files

ENV = {"SLACK_BOT_TOKEN_FILE": "/s/bot", "DATABASE_URL_FILE": " /s/JIRA_TOKEN ", "JIRA_TOKEN": "t"}


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        (
            "Set SLACK_BOT_TOKEN to the bot token (xoxb-…).",
            "Set the text in /s/bot (SLACK_BOT_TOKEN_FILE) to the bot token (xoxb-…).",
        ),
        ("SLACK_BOT_TOKEN is not accepted.", "The text in /s/bot (SLACK_BOT_TOKEN_FILE) is not accepted."),
        (
            "It was revoked. Put it where SLACK_BOT_TOKEN comes from.",
            "It was revoked. Put it into /s/bot (SLACK_BOT_TOKEN_FILE).",
        ),
        (
            "It is away. DATABASE_URL names x.",
            "It is away. The text in /s/JIRA_TOKEN (DATABASE_URL_FILE) names x.",
        ),
        ("Check JIRA_TOKEN, and SLACK_APP_TOKEN.", "Check JIRA_TOKEN, and SLACK_APP_TOKEN."),
        ("SLACK_BOT_TOKEN_FILE names /s/bot, which is empty.", "SLACK_BOT_TOKEN_FILE names /s/bot, which is empty."),
        ("MY_SLACK_BOT_TOKEN and /s/SLACK_BOT_TOKEN stay.", "MY_SLACK_BOT_TOKEN and /s/SLACK_BOT_TOKEN stay."),
    ],
)
def test_the_file_stands_in_the_variables_place(sentence: str, told: str) -> None:
    assert say_where(sentence, ENV) == told
    assert say_where(told, ENV) == told


def test_a_secret_that_is_set_both_ways_comes_from_neither() -> None:
    both = {"JIRA_TOKEN": "t", "JIRA_TOKEN_FILE": "/s/jira"}
    assert secret_files(both) == {}
    assert secret_files(ENV) == {"SLACK_BOT_TOKEN": "/s/bot", "DATABASE_URL": "/s/JIRA_TOKEN"}
    assert say_where("JIRA_TOKEN and JIRA_TOKEN_FILE are both set", both).startswith("JIRA_TOKEN and")
