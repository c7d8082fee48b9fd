"""Texts are made harmless for chats and cut between whole characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.notices.text import cut, fitted, harmless, plain, size

FAMILY, FLAG, THUMB = "👨‍👩‍👧‍👦", "🇨🇳", "👍🏽"


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        pytest.param("滨江一号", 12, "滨江一号", id="what fits stays"),
        pytest.param("滨江一号", 11, "滨江…", id="no half character"),
        pytest.param(f"好{FAMILY}好", 3 + size(FAMILY), "好…", id="no half family"),
        pytest.param(f"{FLAG}{FLAG}", size(FLAG) + 5, f"{FLAG}…", id="no half flag"),
        pytest.param(f"{THUMB}!!!!", size(THUMB) + 3, f"{THUMB}…", id="a thumb keeps its colour"),
        pytest.param("e\u0301" * 4, 10, "e\u0301" * 2 + "…", id="an accent stays with its letter"),
        pytest.param("滨江", 2, "", id="not even room for the dots"),
    ],
)
def test_a_text_is_cut_between_whole_characters(text, most, expected):
    assert cut(text, most) == expected


@given(st.text(), st.integers(0, 200))
def test_what_is_cut_always_fits_and_is_utf8(text, most):
    assert size(cut(plain(text), most)) <= most


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("[领奖](http://evil.example)", "［领奖］（http：//evil.example）"),
        ("<@all> 紧急", "＜＠all＞ 紧急"),
        ('<at user_id="all"></at>', '＜at user＿id="all"＞＜/at＞'),
        ("@所有人", "＠所有人"),
        ("**粗** `码` # 标题 ![x](y)", "＊＊粗＊＊ ｀码｀ ＃ 标题 ！［x］（y）"),
        ("看 www.evil.example", "看 www．evil.example"),
        ("第一行\n> 引用\r\n第三行", "第一行 ＞ 引用 第三行"),
        ("正常\u202e反转\u2066\u200b", "正常 反转"),
        ('<font color="warning">红</font>', '＜font color="warning"＞红＜/font＞'),
    ],
)
def test_hostile_texts_are_shown_and_nothing_more(hostile, shown):
    assert harmless(hostile) == shown


def test_numbers_and_words_of_ours_stay_readable():
    line = "滨江一号:净签约 1,234.57万,完成 82.5%,同期 +41 · 可比组 3/5"
    assert harmless(line) == line


def more(left):
    return f"… 另有{left}条"


def test_as_many_lines_as_fit_and_how_many_more():
    lines = [f"· 项目{n}" for n in range(500)]
    told = fitted(lines, 2048, more=more)
    shown = told.split("\n")
    assert size(told) <= 2048
    assert shown[-1] == f"… 另有{500 - len(shown) + 1}条"
    assert shown[:-1] == lines[: len(shown) - 1]


def test_all_lines_where_they_fit():
    assert fitted(["a", "b"], 10, more=more) == "a\nb"


def test_one_line_that_is_too_long_is_cut():
    assert size(fitted(["好" * 500], 100, more=more)) <= 100
