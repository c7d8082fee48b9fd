"""Calm pages without numbers: waiting for the first data, something went wrong, please sign in."""

from htpy import Element, Node, a, h1, main, p, section

from components.icons import icon
from components.shell import document
from components.words import Words
from metrics.pack import Label

_HOME = Label("回到首页", "To the first page")
_NUMBER = Label("错误编号 {id}", "Error {id}")
_READING = Label("正在首次读取数据", "Reading the data for the first time")
_READING_MORE = Label("第一份数据就绪后,本页会自动显示。", "This page shows itself as soon as the first data is ready.")
_TRIED = Label("上次尝试:{age}", "Last try: {age}")
_FAILED = Label("源库暂时读不到,正在重试", "The source cannot be read yet; trying again")
_ERRORS = {
    400: Label("请求有误", "The request cannot be understood"),
    401: Label("请先登录", "Please sign in"),
    403: Label("此页不在您的权限内", "This page is not for you"),
    404: Label("没有这个页面", "There is no such page"),
    405: Label("没有这个页面", "There is no such page"),
    413: Label("内容过大", "Too large"),
    429: Label("请求太多,请稍后再试", "Too many requests; please try again in a while"),
    500: Label("暂时出错了", "Something went wrong"),
    503: Label("正在首次读取数据", "Reading the data for the first time"),
}
_ERRORS_MORE = {
    403: Label("如需查看,请联系管理员。", "If you need it, ask your administrator."),
    404: Label("地址可能已变更。", "Its address may have changed."),
    500: Label(
        "已记录,请稍后再试;上一次的数据不受影响。", "It is in the log; please try again. The numbers are not affected."
    ),
}
_OWN_CUSTOMERS = Label(
    "一线销售可看总览与漏斗中自己的客户;其他数据请向项目负责人了解。",
    "Ask whoever leads your project for these numbers.",
)


def plain(title: str, *content: Node, words: Words, css: str, refresh: str | None = None, is_wide: bool = False) -> str:
    """A document with one message, or wide enough for a list."""
    body = main("#content.plain")[
        section(class_=["plain-box", {"is-wide": is_wide}])[
            p(".panel-note")[words.of("product")], h1(".page-title")[title], content
        ]
    ]
    return document(f"{title} · {words.of('product')}", body, words=words, css=css, refresh=refresh)


def waiting(words: Words, css: str, *, tried: int | None, failed: bool) -> str:
    """No snapshot yet: how it stands, and how many seconds ago it was last tried; the page comes back by itself."""
    notes = [words.say(_FAILED)] if failed else []
    notes += [words.say(_TRIED.format(age=words.age(tried)))] if tried is not None else []
    return plain(
        words.say(_READING),
        p[words.say(_READING_MORE)],
        [p(".panel-note")[note] for note in notes],
        words=words,
        css=css,
        refresh="3",
    )


def failed(code: int, id: str, words: Words, css: str, *, role: str | None = None) -> str:
    """What went wrong, without details, and the number under which the log has them; the way out fits the role."""
    more = _OWN_CUSTOMERS if code == 403 and role == "salesperson" else _ERRORS_MORE.get(code)
    return plain(
        words.say(_ERRORS.get(code, _ERRORS[500 if code >= 500 else 400])),
        p[words.say(more)] if more else None,
        error_number(id, words),
        a(".button", href="/")[icon("forward"), words.say(_HOME)],
        words=words,
        css=css,
    )


def error_number(id: str, words: Words) -> Element:
    """The number under which the log has what went wrong."""
    return p(".panel-note")[words.say(_NUMBER.format(id=id))]
