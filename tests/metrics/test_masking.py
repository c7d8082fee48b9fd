"""What is left of a name and a phone, whatever they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.masking import masked_name, masked_phone, without_numbers, without_phones

DIGITS = st.text("0123456789", min_size=9, max_size=9)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("张伟", "张*", id="a surname and a star"),
        pytest.param("张晓明", "张**", id="a star per letter"),
        pytest.param("欧阳文华", "欧阳**", id="a compound surname stays whole"),
        pytest.param("欧阳", "欧*", id="but is never all of the name"),
        pytest.param("张", "张*", id="nobody sees that a name was short"),
        pytest.param("Jonathan Smith", "J**", id="two stars at most"),
        pytest.param("  ", "", id="nothing of nothing"),
        pytest.param("13812345678", "1**", id="a phone in the wrong column"),
    ],
)
def test_a_name(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        pytest.param("13812345678", "138****5678", id="a mobile"),
        pytest.param("+86 138-1234-5678", "138****5678", id="with its country"),
        pytest.param("１３８１２３４５６７８", "138****5678", id="full width"),
        pytest.param("010-66554433", "****33", id="a fixed line"),
        pytest.param("13812345678/13987654321", "****21", id="two numbers in one"),
        pytest.param("wx_8823", "****", id="too short to show two of it"),
        pytest.param("wx-openid", "****", id="no number"),
        pytest.param("", "", id="nothing of nothing"),
    ],
)
def test_a_phone(phone: str, shown: str) -> None:
    assert masked_phone(phone) == shown


@given(st.text(max_size=40))
def test_never_more_than_the_surname_survives(name: str) -> None:
    kept = masked_name(name).rstrip("*")
    assert len(kept) <= 2 and len(kept) < max(len(name.strip()), 2)
    assert name.strip().startswith(kept)


@given(st.text(max_size=40) | st.from_regex(r"[+(]?[0-9 ()-]{0,20}", fullmatch=True))
def test_never_more_than_seven_digits_survive(phone: str) -> None:
    shown = masked_phone(phone)
    digits = shown.replace("*", "")
    assert len(digits) in (0, 2, 7) and all(digit in "0123456789" for digit in digits)
    assert "****" in shown or shown == ""


@given(DIGITS)
def test_the_four_in_the_middle_of_a_mobile_are_gone(rest: str) -> None:
    phone = f"13{rest}"
    assert masked_phone(phone) == f"13{rest[0]}****{rest[-4:]}"


@given(st.text(max_size=20), DIGITS)
def test_a_typed_reason_holds_no_phone(said: str, rest: str) -> None:
    assert f"13{rest}" not in without_numbers(f"{said}13{rest}{said}")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("打 13812345678 再约", "打 … 再约"),
        ("138-1234-5678,138 1234 5678", "…,…"),
        ("+86 13812345678;008613812345678", "…;…"),
        ("１３８１２３４５６７８ 已接", "… 已接"),
        ("座机 0571-87654321", "座机 …"),
        ("2026-11-30 前补 30000 元,1,200 个留电", "2026-11-30 前补 30000 元,1,200 个留电"),
        ("合同额 13800000000000", "合同额 13800000000000"),
    ],
)
def test_notes_about_work_lose_phones_and_keep_dates_and_amounts(typed: str, kept: str) -> None:
    assert without_phones(typed) == kept
