"""The words of a lead's score: its features and their values."""

from dashboards._page import View
from dashboards._sandbox import kind_said
from metrics.lead_score import FEATURES, Score, Values, points
from metrics.pack import Label

_FEATURES = {
    "kind": Label("渠道类型", "Kind of channel"),
    "grade": Label("等级", "Grade"),
    "answer": Label("首次联系", "First contact"),
    "hours": Label("留电时间", "When it came"),
    "code": Label("扫码", "QR code"),
}
_VALUES = {
    ("answer", "fast"): Label("30 分钟内联系", "Reached in 30 minutes"),
    ("answer", "day"): Label("当天联系", "Reached within a day"),
    ("answer", "late"): Label("一天内没联系上", "Not reached within a day"),
    ("hours", "office"): Label("工作时间", "Office hours"),
    ("hours", "evening"): Label("晚上和清晨", "Evening or early"),
    ("hours", "weekend"): Label("周末", "Weekend"),
    ("code", "yes"): Label("扫码留电", "By a QR code"),
    ("code", "no"): Label("不是扫码", "Not by a code"),
    ("grade", ""): Label("未评级", "No grade"),
}
_GRADE = Label("{grade}级", "Grade {grade}")
LEAST_POINTS = 5
"""Fewer points are not worth a word."""


def feature_said(view: View, name: str) -> str:
    """A feature in words."""
    return view.say(_FEATURES[name])


def value_said(view: View, name: str, value: str) -> str:
    """A feature's value in words."""
    if name == "kind":
        return kind_said(view, value)
    known = _VALUES.get((name, value))
    return view.say(known or _GRADE.format(grade=value))


def points_said(weight: float) -> str:
    """Points with their sign."""
    told = points(weight)
    return f"+{told}" if told > 0 else f"−{-told}" if told else "0"


def reasons(view: View, score: Score, values: Values) -> list[str]:
    """What speaks for a lead, the most points first; by grade alone where the score is not used."""
    if score.used == "grade":
        return [value_said(view, "grade", values[FEATURES.index("grade")])]
    told = sorted(zip(score.weight(values), FEATURES, values, strict=True), reverse=True)
    return [
        f"{value_said(view, name, value)} {points_said(weight)}"
        for weight, name, value in told
        if points(weight) >= LEAST_POINTS
    ]
