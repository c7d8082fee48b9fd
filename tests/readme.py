"""The generated parts of the READMEs: `python -m tests.readme` writes them anew, `test_docs` checks that they are fresh."""

import re
from collections.abc import Mapping
from pathlib import Path

from data_access.guide import toml
from data_access.packs import read_pack
from data_access.settings import documented
from metrics.entities import ENTITIES, LIVE
from metrics.pack import Metric, Pack

ROOT = Path(__file__).parent.parent
FILES = {"README.md": "en", "README.zh-CN.md": "zh"}
_HEADS = {
    "settings": {"en": ("Setting", "Default", "Meaning"), "zh": ("设置", "默认值", "含义")},
    "metrics": {"en": ("Metric", "Name", "Formula", "Smallest n"), "zh": ("指标", "名称", "公式", "最小样本")},
    "measures": {"en": ("Measure", "Name", "Counted from", "Booked on"), "zh": ("度量", "名称", "来源", "计入日期")},
    "rules": {"en": ("Rule", "Name", "Severity", "Next step"), "zh": ("规则", "名称", "级别", "下一步")},
    "entities": {"en": ("Entity", "Columns (bold: required)"), "zh": ("实体", "列(加粗为必填)")},
}


def parts(language: str) -> dict[str, str]:
    """Every generated table in a language, by name."""
    pack = read_pack("property")
    rows = {
        "settings": [
            (
                f"`{key}`",
                "" if default is None else f"`{toml(default) if isinstance(default, Mapping) else default}`",
                meaning,
            )
            for key, default, meaning in documented()
        ],
        "metrics": [
            (f"`{one.name}`", getattr(one.label, language), f"`{formula(one, pack)}`", str(one.min_n or ""))
            for one in pack.metrics.values()
        ],
        "measures": [
            (
                f"`{one.name}`",
                getattr(one.label, language),
                f"`{one.formula.text}`"
                if one.formula
                else f"`{one.sql}`, {one.source}" + (f", `{one.where}`" if one.where else ""),
                f"`{one.at}`" if one.at else "",
            )
            for one in pack.measures.values()
        ],
        "rules": [
            (f"`{one.name}`", getattr(one.label, language), one.severity, getattr(one.next_step, language))
            for one in pack.rules.values()
        ],
        "entities": [
            (f"`{one.name}`", ", ".join(f"**{c.name}**" if c.required else c.name for c in one.columns))
            for one in (*ENTITIES.values(), *LIVE.values())
        ],
    }
    return {name: table(_HEADS[name][language], lines) for name, lines in rows.items()}


def formula(metric: Metric, pack: Pack) -> str:
    """A metric's formula in one line; a cohort reading stands beside it."""
    cohort = metric.cohort
    beside = f"; cohort: {'net ' if cohort.net else ''}{cohort.step} ÷ {cohort.of}, mature days" if cohort else ""
    if metric.formula:
        return metric.formula.text.replace(" / ", " ÷ ") + beside
    if metric.lag:
        return f"{metric.statistic} of {metric.lag}"
    return f"{metric.state} now" if metric.state else f"{metric.target} ÷ target of the same days"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines
    )


def fresh(text: str, language: str) -> str:
    """The text with every generated part as it should be now."""
    for name, made in parts(language).items():
        between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = between.sub(lambda found, made=made: f"{found[1]}{made}\n{found[2]}", text)
    return text


if __name__ == "__main__":
    for file, language in FILES.items():
        path = ROOT / file
        path.write_text(fresh(path.read_text(encoding="utf-8"), language), encoding="utf-8")
