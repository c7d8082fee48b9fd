"""What of a customer's name and phone may be shown to those who do not need it; pure."""

import re
import unicodedata

COMPOUND_SURNAMES = frozenset(
    "欧阳 司马 诸葛 上官 司徒 夏侯 皇甫 尉迟 公孙 慕容 令狐 宇文 长孙 东方 南宫 独孤 端木 轩辕 百里 呼延 澹台 申屠 太史 西门".split()
)
MOST_STARS = 2
_MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9]\d{9})", re.ASCII)
_TYPED_PHONE = re.compile(
    r"(?<![0-9])(?:(?:\+?86|0086)[ -]?)?1[ -]?[3-9](?:[ -]?[0-9]){9}(?![0-9])|(?<![0-9])0[0-9]{2,3}[ -]?[0-9]{7,8}(?![0-9])"
)
_HIDDEN = "****"
_DIGITS_SHOWN = 2


def masked_name(name: str) -> str:
    """The surname (its first character; both of a compound one) and a star per letter left out, two at most; nothing of nothing."""
    told = name.strip()
    kept = 2 if told[:2] in COMPOUND_SURNAMES and len(told) > 2 else 1
    return told[:kept] + "*" * min(max(len(told) - kept, 1), MOST_STARS) if told else ""


def masked_phone(phone: str) -> str:
    """A mobile number as 138****1234; of any other number that is long enough the last two digits alone; nothing of nothing."""
    told = unicodedata.normalize("NFKC", phone).strip()
    mobile = _MOBILE.fullmatch(re.sub(r"[ ()-]", "", told))
    if mobile:
        return mobile[1][:3] + _HIDDEN + mobile[1][-4:]
    digits = re.sub(r"[^0-9]", "", told)
    long_enough = len(digits) > 2 * _DIGITS_SHOWN
    return _HIDDEN + (digits[-_DIGITS_SHOWN:] if long_enough else "") if told else ""


def without_phones(text: str) -> str:
    """A text people typed about work, with mobile and landline numbers left out; dates, amounts and counts stay."""
    # One sign for one sign, so that what is found can be cut out of the text as it was typed.
    plain = "".join(str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in text)
    found = list(_TYPED_PHONE.finditer(plain))
    for one in reversed(found):
        text = text[: one.start()] + "…" + text[one.end() :]
    return text


def without_numbers(text: str) -> str:
    """A text people typed, with whatever could be a phone left out."""
    return re.sub(r"\d(?:[ -]?\d){4,}", "…", unicodedata.normalize("NFKC", text))
