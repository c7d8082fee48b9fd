"""`gap` on the command line: the chain in sentences, and a plain sentence when a figure cannot be."""

import pytest

from app import main

GROUP = ("gap", "--target", "1500000000", "--price", "2500000", "--conversion", "0.042", "--stock", "11000")


def test_the_chain_is_printed_with_the_group_s_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(GROUP) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "需要 14,285 / 现有 11,000 / 缺口 3,285"
    assert lines[2] == "每 100 组有效客户成交 4.2 组,要有 14,285.7 组客户,记 14,285 组"


def test_it_speaks_english_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main((*GROUP, "--lang", "en", "--valid", "50%")) == 0
    said = capsys.readouterr().out
    assert "Needed 14,285 / in stock 11,000 / gap 3,285" in said and "6,570 new phones" in said


@pytest.mark.parametrize(
    ("name", "text"),
    [("--price", "0"), ("--target", "-5"), ("--stock", "many"), ("--conversion", "120%"), ("--valid", "0")],
)
def test_a_figure_that_cannot_be_is_said_plainly(name: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main((*GROUP, name, text)) == 1
    told = capsys.readouterr()
    assert text in told.err and told.err.count("\n") == 1 and not told.out


def test_figures_that_are_not_given_need_settings(capsys: pytest.CaptureFixture[str], tmp_path) -> None:
    assert main(("gap", "--config", str(tmp_path / "none.toml"))) == 2
    assert "There are no settings" in capsys.readouterr().err
