"""Warboard: joins settings, data and pages; the command line; `server` for gunicorn."""

import argparse
import csv
import getpass
import json
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from data_access.settings import SettingError, Settings
from data_access.store.errors import StoreError
from metrics.answers import BASES, Record, question, records, refuse_unknown
from metrics.pack import Pack, PackError
from metrics.query import DIMENSIONS, QueryError

CONFIG = "warboard.toml"
GAP_FIGURES = ("target", "price", "conversion", "stock", "valid")


def utc_now() -> datetime:
    """The clock everything is given."""
    return datetime.now(UTC)


def config_file(path: str | None) -> Path:
    """Where the settings are: --config, WARBOARD_CONFIG or ./warboard.toml."""
    return Path(path or os.environ.get("WARBOARD_CONFIG", CONFIG))


def read_settings(path: str | None) -> Settings:
    """The settings there; SettingError says how to make some."""
    file = config_file(path)
    if not file.is_file():
        raise SettingError(f"There are no settings at {file}. Make them with: python app.py init --config {file}")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingError(
            f"{file} is not written in UTF-8: {error.reason} at byte {error.start}. Save it as UTF-8."
        ) from None
    return Settings.read(text, os.environ, folder=file.resolve().parent)


def __getattr__(name: str) -> Any:
    # `gunicorn app:server` builds the site when a worker asks for it, not when a command imports this module.
    if name == "server":
        import atexit

        from dashboards._serving import start_site

        site = start_site(read_settings(None), clock=utc_now)
        atexit.register(site.stop)
        return site.server
    raise AttributeError(name)


# ------------------------------------------------------------------------------------------------------------- commands


def serve(options: argparse.Namespace) -> int:
    """Serve the pages, with a refresher beside them."""
    from dashboards._serving import run
    from data_access.store import Store
    from data_access.workplace import open_source, reads_only

    settings = read_settings(options.config)
    read_pack(settings)
    # Better refused here, in one line, than by every worker.
    with closing(open_source(settings)) as source:
        reads_only(settings, source)
    Store.open(settings.store.url).close()
    return run(settings, config_file(options.config), port=options.port, clock=utc_now)


def refresher(options: argparse.Namespace) -> int:
    """Refresh by plan until stopped; of several refreshers the one that holds the lease works."""
    from dashboards._news import telling
    from data_access.refreshing import refresh_by_plan

    settings = read_settings(options.config)
    refresh_by_plan(settings, read_pack(settings), clock=utc_now, parent=options.parent, more=telling)
    return 0


def demo(options: argparse.Namespace) -> int:
    """Serve the embedded demo."""
    from dashboards._serving import run_demo

    return run_demo(Path(options.folder), port=options.port, lan=options.lan, fresh=options.fresh, clock=utc_now)


def init(options: argparse.Namespace) -> int:
    """Write a commented warboard.toml from a guided look at a database."""
    from data_access.guide import write_settings

    return write_settings(Path(options.config or CONFIG), options.url, force=options.force)


def check(options: argparse.Namespace) -> int:
    """Print a report on the mapping and the data; 1 when something is wrong."""
    from data_access.check import check_source

    settings = read_settings(options.config)
    return check_source(settings, read_pack(settings), print)


def refresh(options: argparse.Namespace) -> int:
    """Refresh once, here or in the running server; 1 when it failed, was held back or left an entity out."""
    from data_access.command import refresh_once

    settings = read_settings(options.config)
    depth: Literal["full", "changes"] = "full" if options.full else "changes"
    return refresh_once(
        settings, read_pack(settings), depth=depth, release_hold=options.release, by=getpass.getuser(), clock=utc_now
    )


def query(options: argparse.Namespace) -> int:
    """Print exactly what the pages show."""
    from data_access.command import published_snapshot
    from data_access.parties import answered
    from data_access.snapshots import Folder

    settings = read_settings(options.config)
    pack = read_pack(settings)
    snapshot = published_snapshot(settings)
    asked = question(
        options.metrics,
        today=snapshot.as_of.date(),
        by=options.by,
        first=options.first,
        last=options.last,
        basis=options.basis,
        where=options.where,
        window=options.window,
    )
    refuse_unknown(asked.where, snapshot)
    found = records(answered(Folder(settings.snapshots.dir), snapshot, pack, asked), snapshot, pack, asked)
    print(f"As of {snapshot.as_of:%Y-%m-%d %H:%M:%S}", file=sys.stderr)
    {"json": print_json, "csv": print_csv, "table": print_table}[options.format](found)
    return 0


def gap(options: argparse.Namespace) -> int:
    """Print the target gap step by step; what is not given is read from settings and snapshot. 1 when a figure cannot be or lacks."""
    from components.gap import gap_line, gap_sentences, run_sentences
    from components.words import Words
    from metrics.gap import GapError, asked_figures, chain, daily_needs, figure_of, figures
    from metrics.totals import Frames, Where

    words = Words(options.lang)
    try:
        asked = {name: figure_of(name, text) for name in GAP_FIGURES if (text := getattr(options, name)) is not None}
    except GapError as error:
        print(words.say(error.said), file=sys.stderr)
        return 1
    if options.project is None and set(GAP_FIGURES) - set(asked) <= {"valid"}:
        from data_access.packs import read_pack as read

        found, more = chain(asked_figures(asked, read("property").gap.valid_share)), []
    else:
        from dashboards._serving import gap_inputs
        from data_access.command import published_snapshot

        settings = read_settings(options.config)
        pack, snapshot = read_pack(settings), published_snapshot(settings)
        projects = None if options.project is None else frozenset((options.project,))
        refuse_unknown(Where(project=projects), snapshot)
        frames = Frames(snapshot)
        found = chain(figures(frames, pack, projects, gap_inputs(settings), asked))
        more = run_sentences(daily_needs(frames, pack, projects, found), words)
        print(f"As of {snapshot.as_of:%Y-%m-%d %H:%M:%S}", file=sys.stderr)
    print(*gap_sentences(found, words), *more, *([gap_line(found.gap, words)] if found.gap else []), sep="\n")
    return int(found.gap is None)


def people(options: argparse.Namespace) -> int:
    """Add, list, change and let in the people who may sign in."""
    from data_access.people_command import people_command

    with people_command(read_settings(options.config), utc_now) as command:
        done = options.deed(command, options)
    if isinstance(done, str):
        print(done)
    else:
        print_table(done)
    return 0


def boards(options: argparse.Namespace) -> int:
    """List, show and publish the boards of closed weeks."""
    from data_access.boards_command import boards_command

    settings = read_settings(options.config)
    with boards_command(settings, read_pack(settings), utc_now) as command:
        done = options.deed(command, options)
    if isinstance(done, str):
        print(done)
    else:
        show_records(done, getattr(options, "format", "table"))
    return 0


def show_records(found: Sequence[Record], format: str) -> None:
    """Print records in a format; as CSV no cell is taken for a formula."""
    if format != "csv":
        {"json": print_json, "table": print_table}[format](found)
        return
    from components.spreadsheet import csv_lines

    names = columns_of(found)
    rows = (["" if one.get(name) is None else str(one[name]) for name in names] for one in found)
    sys.stdout.writelines(csv_lines([names, *rows]))


def audit(options: argparse.Namespace) -> int:
    """Print who did what with rights and personal data, newest first; --verify says whether it is whole, 1 when not."""
    from data_access.store import Store

    settings = read_settings(options.config)
    store = Store.open(settings.store.url)
    try:
        return verify_audit(store) if options.verify else print_audit(store, settings.group.time_zone, options)
    finally:
        store.close()


def verify_audit(store: Any) -> int:
    """Say whether every entry is as it was written; 1 and the first that is not."""
    from data_access.store.audit import broken_at

    broken = broken_at(store)
    print("The audit is whole." if broken is None else f"Entry {broken} is missing or was changed.")
    return int(broken is not None)


def print_audit(store: Any, zone: str, options: argparse.Namespace) -> int:
    """Print the entries asked for."""
    from components.spreadsheet import csv_lines
    from data_access.audit_records import COLUMNS, audit_records, names_of, wanted_entries
    from data_access.store.audit import all_entries

    wanted = wanted_entries(
        store, zone, first=options.first, last=options.last, by=options.by, action=options.action, about=options.about
    )
    found = audit_records(all_entries(store, wanted), names_of(store), zone)
    if options.format == "csv":
        sys.stdout.writelines(csv_lines([COLUMNS, *([str(one[name]) for name in COLUMNS] for one in found)]))
    else:
        {"json": print_json, "table": print_table}[options.format](list(found))
    return 0


def backup(options: argparse.Namespace) -> int:
    """Back the store up into a file that is restored and compared at once."""
    from data_access.backup import make_backup
    from data_access.store import Store

    with closing(Store.open(read_settings(options.config).store.url)) as store:
        made = make_backup(store, Path(options.folder), utc_now(), options.keep)
    print(f"{made.path}: {made.rows:,} rows, restored and compared")
    return 0


def restore(options: argparse.Namespace) -> int:
    """Fill a new store from a backup."""
    from data_access.backup import restore as restored

    made = restored(Path(options.file), read_settings(options.config).store.url, utc_now())
    print(f"{made.rows:,} rows as of {made.made_at:%Y-%m-%d %H:%M:%S} UTC. Everybody signs in again.")
    return 0


def read_pack(settings: Settings) -> Pack:
    """The pack the settings name; PackError when it, or a scene, duel or threshold the settings tell, cannot be used."""
    from data_access.packs import read_pack as read
    from metrics.duels import duels
    from metrics.record_rules import check_limits
    from metrics.rules import check_thresholds
    from metrics.scenes import scenes

    pack = read(settings.pack)
    scenes(pack, settings.scenes)
    check_thresholds(pack, settings.rules)
    duels(pack, settings.duels)
    check_limits(pack, settings.record_rules)
    return pack


# ---------------------------------------------------------------------------------------------------------------- query


def print_json(found: Sequence[Record]) -> None:
    """Print records as a JSON list."""
    print(json.dumps(found, ensure_ascii=False, indent=1))


def print_csv(found: Sequence[Record]) -> None:
    """Print records as CSV."""
    writer = csv.DictWriter(sys.stdout, columns_of(found))
    writer.writeheader()
    writer.writerows(found)


def print_table(found: Sequence[Record]) -> None:
    """Print records as a table."""
    from rich.console import Console
    from rich.table import Table

    names = columns_of(found)
    table = Table()
    for name in names:
        table.add_column(name, overflow="fold")
    for record in found:
        table.add_row(*("" if record.get(name) is None else str(record[name]) for name in names))
    Console().print(table)


def columns_of(found: Sequence[Record]) -> list[str]:
    """Every column that any record has, in order of appearance."""
    return list(dict.fromkeys(name for record in found for name in record))


# ---------------------------------------------------------------------------------------------------------- entry point


def parser() -> argparse.ArgumentParser:
    """The command line."""
    main = argparse.ArgumentParser(prog="app.py", description="Warboard: executive dashboards and war-room walls.")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--config", help="path of warboard.toml (default: WARBOARD_CONFIG, else ./warboard.toml)")
    commands = main.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, run: Any) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[shared], help=run.__doc__, description=run.__doc__)
        made.set_defaults(run=run)
        return made

    served = command("serve", serve)
    served.add_argument("--port", type=port_number, help="port to listen on (default: the settings')")
    command("refresher", refresher).add_argument("--parent", type=int, help=argparse.SUPPRESS)
    shown = command("demo", demo)
    shown.add_argument("--port", type=port_number, default=8050)
    shown.add_argument("--lan", action="store_true", help="listen on the LAN too and print a sign-in link for a phone")
    shown.add_argument("--fresh", action="store_true", help="make the demo's data anew")
    shown.add_argument("--folder", default="var/demo", help="where the demo lives")
    guided = command("init", init)
    guided.add_argument("--url", help="database to look at")
    guided.add_argument("--force", action="store_true", help="overwrite the file when it is there")
    command("check", check)
    once = command("refresh", refresh)
    once.add_argument("--full", action="store_true", help="compare every row")
    once.add_argument("--release", action="store_true", help="let a load pass that a guard held back")
    saved = command("backup", backup)
    saved.add_argument("folder", nargs="?", default="var/backups", help="where backups are kept (default: var/backups)")
    saved.add_argument(
        "--keep", type=positive, metavar="N", help="keep the latest N backups there, and remove older ones"
    )
    command("restore", restore).add_argument("file", help="the backup")
    asked = command("query", query)
    asked.add_argument("metrics", nargs="+", metavar="METRIC")
    asked.add_argument("--by", action="append", default=[], help=f"comma-separated, of {', '.join(DIMENSIONS)}")
    asked.add_argument("--from", dest="first", metavar="YYYY-MM-DD")
    asked.add_argument("--to", dest="last", metavar="YYYY-MM-DD", help="included")
    asked.add_argument("--basis", choices=BASES, default="period")
    asked.add_argument(
        "--where", action="append", default=[], metavar="DIMENSION=ID", help="narrow, such as project=P1"
    )
    asked.add_argument("--window", default="default", help="days allowed from the lead: default, none or a number")
    asked.add_argument("--format", choices=("table", "json", "csv"), default="table")
    counted = command("gap", gap)
    counted.add_argument("--target", help="target of the year in yuan, such as 1500000000 or 15亿")
    counted.add_argument("--price", help="average price of a sale in yuan")
    counted.add_argument("--conversion", help="share of valid customers who sign, such as 0.042 or 4.2%%")
    counted.add_argument("--stock", help="valid customers in stock")
    counted.add_argument("--valid", help="share of phones that turn out valid (default: the pack's assumption)")
    counted.add_argument("--project", metavar="ID", help="one project instead of the group")
    counted.add_argument("--lang", choices=("zh", "en"), default="zh")
    _people_parser(command("people", people))
    _boards_parser(command("boards", boards))
    told = command("audit", audit)
    told.add_argument("--verify", action="store_true", help="only say whether every entry is as it was written")
    told.add_argument("--from", dest="first", metavar="YYYY-MM-DD")
    told.add_argument("--to", dest="last", metavar="YYYY-MM-DD", help="included")
    told.add_argument("--by", metavar="PERSON", help="who did it: a name or an id")
    told.add_argument("--action", help="what was done, such as screen_paired")
    told.add_argument("--about", metavar="ID", help="whom or what it was done to")
    told.add_argument("--format", choices=("table", "json", "csv"), default="table")
    return main


def _people_parser(parser: argparse.ArgumentParser) -> None:
    """What can be done with people, each with its own words."""
    shared = argparse.ArgumentParser(add_help=False)
    # Without a default of its own, so that one given before the word stays.
    shared.add_argument("--config", default=argparse.SUPPRESS, help="path of warboard.toml")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def deed(name: str, what: str, run: Any, *named: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[shared], help=what, description=what)
        made.set_defaults(deed=run)
        for one in named:
            made.add_argument(one.lower(), metavar=one)
        return made

    added = deed(
        "add",
        "Add a person.",
        lambda c, o: c.add(o.name, o.role, o.project, o.staff, o.account, o.mail, o.phone),
        "NAME",
    )
    added.add_argument("--role", required=True)
    changed = deed(
        "change",
        "Change a person.",
        lambda c, o: c.change(
            o.name,
            name=o.new_name,
            role=o.role,
            project_id=o.project,
            staff_id=o.staff,
            account=o.account,
            mail=o.mail,
            phone=o.phone,
        ),
        "NAME",
    )
    changed.add_argument("--name", dest="new_name", metavar="NAME", help="their new name")
    changed.add_argument("--role")
    for one in (added, changed):
        one.add_argument("--project", metavar="ID", help="the project whose numbers they see")
        one.add_argument("--staff", metavar="ID", help="the salesperson they are in the source")
        one.add_argument("--account", metavar="ID", help="how WeCom or the single sign-on knows them")
        one.add_argument("--mail", metavar="ADDRESS", help="where messages reach them")
        one.add_argument("--phone", metavar="NUMBER", help="what a robot in a chat calls them by")
    deed("list", "List everybody.", lambda c, o: c.listed())
    linked = deed("link", "Print a sign-in link: once, 15 minutes.", lambda c, o: c.link(o.name, o.address), "NAME")
    linked.add_argument("--address", default="", help="how people reach Warboard, such as https://board.example.com")
    deed("disable", "Shut a person out at once.", lambda c, o: c.enable(o.name, False), "NAME")
    deed("enable", "Let a person in again.", lambda c, o: c.enable(o.name, True), "NAME")
    deed("password", "Ask for a person's new password.", lambda c, o: c.password(o.name), "NAME")
    deed("forget-code", "Let a person with a lost phone scan a new code.", lambda c, o: c.forget_code(o.name), "NAME")
    deed("import", "Add everybody in a CSV file, or nobody.", lambda c, o: c.bring_in(Path(o.file)), "FILE")
    synced = deed(
        "sync", "Bring in people from the staff table.", lambda c, o: c.sync(dry_run=o.dry_run, release=o.release)
    )
    synced.add_argument("--dry-run", action="store_true", help="only print what would change")
    synced.add_argument("--release", action="store_true", help="shut out however many have left")


def _boards_parser(parser: argparse.ArgumentParser) -> None:
    """What can be done with boards, each with its own words."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--config", default=argparse.SUPPRESS, help="path of warboard.toml")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def deed(name: str, what: str, run: Any) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[shared], help=what, description=what)
        made.set_defaults(deed=run)
        return made

    listed = deed("list", "List what is published, and whether it is as it was.", lambda c, o: c.listed(o.board))
    listed.add_argument("board", nargs="?", metavar="BOARD")
    shown = deed("show", "Show a published week.", lambda c, o: c.show(o.board, o.week, o.project))
    shown.add_argument("board", metavar="BOARD")
    shown.add_argument("--project", metavar="ID", help="only what this project's head sees of it")
    for one in (listed, shown):
        one.add_argument("--format", choices=("table", "json", "csv"), default="table")
    published = deed("publish", "Publish what is due and complete.", lambda c, o: c.publish(o.board, o.week))
    published.add_argument("board", nargs="?", metavar="BOARD")
    for one in (shown, published):
        one.add_argument("--week", metavar="YYYY-MM-DD", help="any day of the week (default: the newest)")


def port_number(text: str) -> int:
    """A port a server can listen on."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port. Give a number from 1 to 65535.")
    return int(text)


def positive(text: str) -> int:
    """A whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number above 0.")
    return int(text)


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; errors a person can answer are one line, exit code 2."""
    given = list(sys.argv[1:] if words is None else words)
    if not given or given[0].startswith("--c") or given[0] == "--port":
        given = ["serve", *given]
    options = parser().parse_args(given)
    try:
        return int(options.run(options))
    except (SettingError, StoreError, PackError, QueryError, LookupError) as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read our answer has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
