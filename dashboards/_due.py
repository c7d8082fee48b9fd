"""What is due of a project and not done, as one line above its alerts."""

from datetime import datetime

from htpy import Node, a

from components.report_page import overdue_line
from components.words import Words
from dashboards._page import View
from metrics.pack import Label

REPORTS, COMMITMENTS = "/reports", "/commitments"
REPORTS_WORD, COMMITMENTS_WORD = Label("体检报告", "Health reports"), Label("承诺", "Commitments")
_OVERDUE = Label("体检报告逾期 {n} 份:{names}", "{n} health reports overdue: {names}")
_MORE = Label("等", " …")
_HOURS, _DAYS = Label("{n} 小时", "{n} h"), Label("{n} 天", "{n} d")
NAMED = 3


def overdue_note(view: View) -> Node:
    """That reports within the viewer's rights are overdue, and where they are; nothing when none is."""
    if not view.overdue:
        return None
    names = list(dict.fromkeys(view.snapshot.project_name(one.project) or one.project for one in view.overdue))
    more = view.say(_MORE) if len(names) > NAMED else ""
    said = view.say(_OVERDUE).format(n=len(view.overdue), names="、".join(names[:NAMED]) + more)
    return overdue_line(said, view.address(REPORTS))


def ways(view: View) -> Node:
    """Where reports and commitments are."""
    listed = ((REPORTS, REPORTS_WORD), (COMMITMENTS, COMMITMENTS_WORD))
    return [a(href=view.address(path))[view.say(word)] for path, word in listed]


def how_long(since: datetime, until: datetime, words: Words) -> str:
    """A stretch of time in whole hours, from two days on in days."""
    hours = int((until - since).total_seconds()) // 3600
    return words.say(_DAYS.format(n=str(hours // 24)) if hours >= 48 else _HOURS.format(n=str(hours)))
