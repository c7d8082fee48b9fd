"""Open alerts: how bad, what, since when, on what evidence, and what to do next."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from datetime import time as time_of_day

from htpy import Element, Node, a, article, div, h3, header, li, p, span, strong, time, ul

from components.icons import icon
from components.words import Words
from metrics.pack import Rule
from metrics.rules import Finding

SEVERITIES = ("red", "orange", "yellow")


def alert_card(
    finding: Finding,
    rule: Rule,
    subject: str,
    words: Words,
    now: datetime,
    *,
    href: str | None = None,
    state: Node = None,
    deeds: Node = None,
) -> Element:
    """One finding; its severity is an icon and a word, never a colour alone. `state` is how it stands, `deeds` what can be done."""
    title = words.say(rule.label)
    return article(f".alert.is-{finding.severity}")[
        header(".alert-head")[
            span(".severity")[icon(finding.severity), words.of(finding.severity)],
            span(".alert-subject")[subject],
            state,
            time(".alert-since", datetime=finding.since.isoformat())[since(finding, words, now)],
        ],
        h3(".alert-title")[a(href=href)[title] if href else title],
        p(".alert-what")[message(finding, rule, subject, words)],
        _evidence(finding, words),
        p(".alert-next")[strong[words.of("next_step")], words.say(rule.next_step)],
        deeds,
    ]


def message(finding: Finding, rule: Rule, subject: str, words: Words) -> str:
    """What the rule found, in one sentence."""
    values = {name: words.fact(value, finding.formats.get(name, "count")) for name, value in finding.values.items()}
    return words.say(rule.message.format(**{"project": subject, **values}))


def since(finding: Finding, words: Words, now: datetime) -> str:
    """Since when a finding stands, in words."""
    at = finding.since
    return words.of("since", when=words.when(at.date() if at.time() == time_of_day() else at, now))


def _evidence(finding: Finding, words: Words) -> Element | None:
    if not finding.evidence:
        return None
    return ul(".alert-evidence", aria_label=words.of("evidence"))[
        [li[f"{words.say(each.label)} {words.fact(each.value, each.format)}"] for each in finding.evidence]
    ]


def alerts(
    findings: Sequence[Finding],
    rules: Mapping[str, Rule],
    subject_name: Callable[[Finding], str | None],
    words: Words,
    now: datetime,
    *,
    href: Callable[[Finding], str | None] | None = None,
    state: Callable[[Finding], Node] = lambda _: None,
    deeds: Callable[[Finding], Node] = lambda _: None,
) -> Element:
    """The findings in the order given, or a calm word when there is none."""
    if not findings:
        return div(".calm")[icon("calm"), p(".calm-word")[words.of("calm")], p(".calm-reason")[words.of("calm_reason")]]
    return div(".alerts")[
        [
            alert_card(
                finding,
                rules[finding.rule],
                subject_name(finding) or words.of("group" if finding.kind == "group" else "unassigned"),
                words,
                now,
                href=href(finding) if href else None,
                state=state(finding),
                deeds=deeds(finding),
            )
            for finding in findings
        ]
    ]


def counted(findings: Sequence[Finding], words: Words) -> list[tuple[str, str]]:
    """Every severity with open alerts, and how many."""
    found = [(level, sum(each.severity == level for each in findings)) for level in SEVERITIES]
    return [(level, f"{words.of(level)} {n}") for level, n in found if n]


def alert_counts(findings: Sequence[Finding], words: Words, *, href: str | None = None) -> Element:
    """How many alerts are open per severity, as one line; a calm word when there is none."""
    inside = [span(f".severity.is-{level}")[icon(level), said] for level, said in counted(findings, words)] or [
        span(".severity.is-calm")[icon("calm"), words.of("calm")]
    ]
    return a(".alert-counts", href=href)[inside, icon("forward")] if href else p(".alert-counts")[inside]
