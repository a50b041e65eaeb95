"""A message drawn in the terminal, as a dry run shows it."""

import io

from rich.console import Console

from bot import terminal
from bot.views import blocks


def drawn(*parts: blocks.Block | None) -> str:
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=False)
    message = blocks.message("Digest of Tuesday", *parts)
    terminal.show(console, "#rel-data-platform", message, {"U0RAVI": "Ravi Menon-Hale", "C0GENERAL": "general"})
    return out.getvalue()


def test_it_reads_as_in_slack() -> None:
    text = drawn(
        blocks.header("Tuesday"),
        blocks.section(f"*Why* {blocks.ticket_link('DATA-214', 'R&D [x]', 'https://jira.example/DATA-214')}"),
        blocks.section(f"{blocks.mention('U0RAVI')} in {blocks.channel('C0GENERAL')} by {blocks.mention('U0NEW')}"),
        blocks.fields("a", "b"),
        blocks.context("<!date^1797000000^{date_long_pretty}|Thu 17 Dec 14:00 UTC>"),
        blocks.divider(),
        blocks.actions(
            blocks.button("Approve 41 tickets", "x"), blocks.static_select("y", "Choose", [blocks.option("z", "z")])
        ),
        blocks.image("https://x.example/a.png", "Ready on 14 Dec"),
    )
    for line in (
        "#rel-data-platform",
        "Tuesday",
        "DATA-214 R&D [x]",
        "@Ravi Menon-Hale in #general by @U0NEW",
        "Thu 17 Dec 14:00 UTC",
        "[Approve 41 tickets]  [Choose]",
        "[picture: Ready on 14 Dec]",
        "Digest of Tuesday",
    ):
        assert line in text


def test_a_message_without_blocks_shows_its_text() -> None:
    assert drawn().count("Digest of Tuesday") == 2
