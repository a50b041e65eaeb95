"""Secrets in files, while the files change."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from interlock.config.secret_files import SecretFiles
from interlock.config.settings import load_settings
from interlock.domain.errors import InterlockError


class TakesARestartError(InterlockError):
    """What whoever uses a secret raises."""


class Mounted:
    """Secrets as Kubernetes mounts them: names that lead through one symbolic link, which is swapped."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.number = folder, 0
        self.refuses: set[str] = set()
        self.swap(bot="xoxb-1", jira="jira-1")
        for name in ("bot", "jira"):
            (folder / name).symlink_to(Path("..data") / name)
        self.env = {"SLACK_BOT_TOKEN_FILE": str(folder / "bot"), "JIRA_TOKEN_FILE": str(folder / "jira")}
        self.files = SecretFiles(self.env, load_settings(self.env))

    def swap(self, **secrets: str) -> None:
        self.number += 1
        there = self.folder / f"..{self.number}"
        there.mkdir()
        for name, text in secrets.items():
            (there / name).write_text(f"{text}\n")
        link = self.folder / "..new"
        link.symlink_to(there.name)
        link.rename(self.folder / "..data")

    def changed(self, *, force: bool = False) -> dict[str, str]:
        """What a look at the files has had used."""
        used: dict[str, str] = {}

        def use(name: str, secret: str) -> None:
            if name in self.refuses:
                raise TakesARestartError("That takes a restart.")
            used[name] = secret

        self.files.renew(use, force=force)
        return used


@pytest.fixture
def mounted(tmp_path: Path) -> Mounted:
    return Mounted(tmp_path)


def test_what_changed_is_told_once_and_without_its_text(mounted: Mounted) -> None:
    assert mounted.changed() == {}
    mounted.swap(bot="xoxb-2", jira="jira-1")
    with capture_logs() as logged:
        assert mounted.changed() == {"SLACK_BOT_TOKEN": "xoxb-2"}
        assert mounted.changed() == {}
    assert [(each["event"], each["variable"]) for each in logged] == [("secret.changed", "SLACK_BOT_TOKEN")]
    assert "xoxb" not in str(logged)


def test_a_file_that_is_written_anew_counts_too(mounted: Mounted) -> None:
    (mounted.folder / "jira").write_text("jira-22")
    assert mounted.changed() == {"JIRA_TOKEN": "jira-22"}


@pytest.mark.parametrize("bad", ["", "no-bot-token", "xoxb-two words"])
def test_what_makes_no_sense_stays_as_it_was_and_holds_up_no_other(mounted: Mounted, bad: str) -> None:
    mounted.swap(bot=bad, jira="jira-2")
    with capture_logs() as logged:
        assert mounted.changed() == {"JIRA_TOKEN": "jira-2"}
        assert mounted.changed() == {}
        mounted.swap(bot=bad, jira="jira-3")
        assert mounted.changed() == {"JIRA_TOKEN": "jira-3"}
    unreadable = [each for each in logged if each["event"] == "secret.unreadable"]
    assert {each["variable"] for each in unreadable} == {"SLACK_BOT_TOKEN"}
    assert len(unreadable) == 2, "once for each time that the file changed"
    assert mounted.files.unused.keys() == {"SLACK_BOT_TOKEN"}
    assert "SLACK_BOT_TOKEN" in mounted.files.unused["SLACK_BOT_TOKEN"]
    assert not bad or bad not in f"{logged}{mounted.files.unused}"
    mounted.swap(bot="xoxb-3", jira="jira-3")
    assert mounted.changed() == {"SLACK_BOT_TOKEN": "xoxb-3"}
    assert mounted.files.unused == {}


def test_a_file_that_is_away_for_a_moment(mounted: Mounted) -> None:
    (mounted.folder / "jira").unlink()
    assert mounted.changed() == {}
    assert "JIRA_TOKEN" in mounted.files.unused
    (mounted.folder / "jira").write_text("jira-2")
    assert mounted.changed() == {"JIRA_TOKEN": "jira-2"}


def test_a_file_whose_stamp_does_not_tell_that_it_was_mended_is_read_all_the_same(mounted: Mounted) -> None:
    (mounted.folder / "jira").write_bytes(b"\xff\xff")
    assert mounted.changed() == {}
    (mounted.folder / "jira").write_bytes(b"j2")
    mounted.files._stamps = mounted.files._look()  # as `chmod` leaves it
    assert mounted.changed() == {"JIRA_TOKEN": "j2"}


def test_what_cannot_be_used_is_said_once_and_is_no_change(mounted: Mounted) -> None:
    mounted.refuses.add("JIRA_TOKEN")
    mounted.swap(bot="xoxb-2", jira="jira-2")
    with capture_logs() as logged:
        assert mounted.changed() == {"SLACK_BOT_TOKEN": "xoxb-2"}
        assert mounted.changed() == {}
    assert [(each["event"], each["variable"]) for each in logged] == [
        ("secret.needs_restart", "JIRA_TOKEN"),
        ("secret.changed", "SLACK_BOT_TOKEN"),
    ]
    assert mounted.files.unused == {"JIRA_TOKEN": "That takes a restart."}
    mounted.swap(bot="xoxb-2", jira="jira-1")
    assert mounted.changed() == {}
    assert mounted.files.unused == {}, "it is as it was"


def test_when_told_to_it_reads_what_looks_the_same(mounted: Mounted) -> None:
    assert mounted.changed(force=True) == {}
    before = (mounted.folder / "jira").stat()
    mounted.files._stamps = mounted.files._look()
    (mounted.folder / "jira").write_text("jira-9\n")
    mounted.files._stamps = mounted.files._look()  # as if the file system told no difference
    assert mounted.changed() == {}
    assert mounted.changed(force=True) == {"JIRA_TOKEN": "jira-9"}
    assert before.st_size == (mounted.folder / "jira").stat().st_size


def test_secrets_of_the_environment_itself_do_not_change() -> None:
    env = {"SLACK_BOT_TOKEN": "xoxb-1"}
    files = SecretFiles(env, load_settings(env))
    env["SLACK_BOT_TOKEN"] = "xoxb-2"
    used: list[str] = []
    files.renew(lambda name, _: used.append(name), force=True)
    assert (used, files.variables) == ([], ())
