"""Invented words of the demo: people's names, phone numbers, places, projects and channels."""

from dataclasses import dataclass
from random import Random

import numpy as np

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
    "苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段"
)
_GIVEN = (
    "建国 志强 海燕 晓东 丽华 文博 雅婷 子涵 俊杰 玉兰 思远 佳怡 浩然 梦琪 国庆 春梅 立新 秀英 明辉 雪梅 一鸣 欣怡 嘉豪 静怡 "
    "德胜 桂芳 宏伟 晓敏 振华 若曦 云峰 婉清 永康 红霞 启航 诗涵 少华 美玲 天佑 雨桐 正阳 淑珍 凯旋 慧敏 家栋 小芳 世杰 艳丽 "
    "新民 晓彤 庆丰 佩珊 伟 芳 娜 敏 静 磊 军 洋 勇 艳 杰 涛 超 霞 平 刚 鹏 飞 波 斌 宁 丹 萍 辉 亮 玲 健 倩 婷 颖 琳 旭 峰 "
    "昊 睿 晨 妍 瑶 钰 博文 立群 彦君 承泽 书瑶 可欣 沐阳 景行 知夏 清源 望舒 怀瑾 乐山 念慈"
).split()


def people_names(rng: np.random.Generator, count: int) -> list[str]:
    """`count` natural, invented Chinese names; common surnames come up more often."""
    rank = np.minimum(rng.exponential(len(_SURNAMES) / 3, count).astype(int), len(_SURNAMES) - 1)
    given = rng.integers(0, len(_GIVEN), count)
    return [_SURNAMES[one] + _GIVEN[other] for one, other in zip(rank.tolist(), given.tolist(), strict=True)]


def person_name(rng: Random) -> str:
    """One invented name."""
    return rng.choice(_SURNAMES[:60]) + rng.choice(_GIVEN)


def customer_phone(number: int) -> str:
    """A customer's phone: 160 is a range no carrier gives to people, so nobody's number is shown."""
    return f"160{number:08d}"


def staff_phone(number: int) -> str:
    """A salesperson's or head's phone, in an unassigned range."""
    return f"161{number:08d}"


def broker_phone(number: int) -> str:
    """A broker's or a referring colleague's phone, in an unassigned range."""
    return f"163{number:08d}"


@dataclass(frozen=True)
class City:
    """An invented city with its sales region and districts."""

    name: str
    region: str
    districts: tuple[str, ...]
    lat: float
    lon: float


@dataclass(frozen=True)
class Project:
    """A development: `opened` is days before now, `size` its weight in leads, `price` the usual deal in 万元."""

    id: int
    name: str
    city: str
    opened: int
    size: float
    price: int
    close_rate: float
    stage: int
    peers: str


@dataclass(frozen=True)
class Channel:
    """A source of customers; `cost` is yuan per valid lead, 0 where nothing is booked by day."""

    id: int
    name: str
    kind: int
    rhythm: str
    share: float
    valid: float
    visit: float
    close: float
    cost: int
    shown: float


CITIES = {
    city.name: city
    for city in (
        City("澜州", "澜州区域", ("滨江新区", "文昌区", "高新区", "栖霞山区"), 28.42, 115.31),
        City("临溪", "西部区域", ("溪北区", "老城区", "经开区"), 28.05, 113.92),
        City("安渡", "西部区域", ("安北区", "渡口区", "新城区"), 27.61, 114.38),
        City("景陵", "西部区域", ("陵东区", "景山区"), 27.12, 113.77),
        City("沙浦", "东部区域", ("港城区", "浦南区", "听潮区"), 28.77, 117.05),
        City("青屿", "东部区域", ("海湾区", "青屿新区"), 28.20, 117.63),
    )
}

PROJECTS = (
    Project(101, "云岫府", "澜州", 250, 0.0, 300, 0.95, 2, "高端改善"),
    Project(102, "澜庭壹号", "澜州", 1100, 1.15, 355, 1.10, 1, "高端改善"),
    Project(103, "江山赋", "澜州", 860, 1.10, 330, 1.05, 1, "高端改善"),
    Project(104, "书香里", "澜州", 1300, 0.95, 245, 1.00, 1, "刚需走量"),
    Project(105, "望澜湾", "澜州", 790, 1.30, 270, 1.00, 1, "综合"),
    Project(106, "栖云台", "澜州", 640, 1.00, 290, 1.05, 1, "高端改善"),
    Project(107, "文昌学府", "澜州", 1500, 1.20, 260, 0.42, 0, "综合"),
    Project(108, "高新时代里", "澜州", 560, 1.10, 225, 1.10, 1, "刚需走量"),
    Project(109, "溪山语", "临溪", 980, 0.90, 215, 1.05, 0, "综合"),
    Project(110, "溪畔花园", "临溪", 1450, 0.80, 185, 0.95, 0, "刚需走量"),
    Project(111, "拾光里", "临溪", 480, 0.85, 195, 1.00, 1, "刚需走量"),
    Project(112, "北岸春晓", "临溪", 900, 1.40, 210, 1.00, 0, "综合"),
    Project(113, "安和府", "安渡", 1200, 0.85, 225, 1.10, 0, "综合"),
    Project(114, "渡口印象", "安渡", 400, 0.80, 190, 0.95, 0, "刚需走量"),
    Project(115, "新城之光", "安渡", 1000, 0.95, 200, 1.00, 0, "刚需走量"),
    Project(116, "悦澜山", "安渡", 330, 0.80, 240, 1.10, 0, "综合"),
    Project(117, "景云庭", "景陵", 1050, 0.75, 180, 0.95, 0, "刚需走量"),
    Project(118, "陵上春秋", "景陵", 230, 0.70, 205, 1.05, 0, "综合"),
    Project(119, "东方雅集", "景陵", 1600, 0.60, 235, 0.85, 0, "综合"),
    Project(120, "港城明珠", "沙浦", 950, 1.00, 245, 1.05, 3, "综合"),
    Project(121, "浦南华庭", "沙浦", 1250, 0.90, 230, 0.90, 0, "刚需走量"),
    Project(122, "听潮府", "沙浦", 120, 0.90, 310, 1.15, 0, "高端改善"),
    Project(123, "海屿墅", "青屿", 1150, 0.60, 420, 0.85, 0, "高端改善"),
    Project(124, "青湾里", "青屿", 9, 0.0, 220, 1.00, 0, "刚需走量"),
)

CHANNELS = (
    Channel(1, "抖音", 1, "online", 0.17, 0.52, 0.075, 0.95, 380, 14.0),
    Channel(2, "视频号", 1, "online", 0.09, 0.56, 0.085, 1.05, 300, 12.0),
    Channel(3, "小红书", 1, "online", 0.06, 0.54, 0.090, 1.0, 420, 15.0),
    Channel(4, "房产平台", 1, "online", 0.08, 0.45, 0.090, 0.9, 2600, 11.0),
    Channel(5, "小程序", 2, "online", 0.14, 0.68, 0.130, 1.35, 90, 6.0),
    Channel(6, "企微社群", 2, "online", 0.09, 0.72, 0.160, 1.5, 40, 5.0),
    Channel(7, "案场自然到访", 3, "onsite", 0.11, 0.90, 0.970, 0.72, 0, 0.0),
    Channel(8, "巡展外拓", 3, "outreach", 0.06, 0.50, 0.110, 0.9, 700, 0.0),
    Channel(9, "老带新", 4, "onsite", 0.05, 0.82, 0.450, 1.6, 200, 0.0),
    Channel(10, "全民经纪人", 4, "outreach", 0.05, 0.70, 0.340, 1.3, 260, 0.0),
    Channel(11, "分销渠道A", 5, "outreach", 0.06, 0.62, 0.480, 1.1, 520, 0.0),
    Channel(12, "分销渠道B", 5, "outreach", 0.04, 0.60, 0.450, 1.1, 560, 0.0),
)

DICTIONARY = {
    "cst_status": {1: "新增", 2: "跟进中", 3: "已到访", 4: "已认购", 5: "已签约", 6: "已流失"},
    "cst_level": {1: "A", 2: "B", 3: "C", 4: "D"},
    "seg": {1: "刚需", 2: "改善", 3: "高端"},
    "price_band": {1: "150万以下", 2: "150-250万", 3: "250-400万", 4: "400万以上"},
    "follow_way": {1: "电话", 2: "企微", 3: "短信", 4: "面访"},
    "follow_result": {1: "接通", 2: "未接", 3: "空号"},
    "src_type": {1: "公域", 2: "私域", 3: "线下", 4: "转介", 5: "分销"},
    "post": {1: "置业顾问", 2: "销售经理", 3: "项目总"},
    "promo_stage": {0: "未接入", 1: "申请", 2: "试点", 3: "固化", 4: "复制"},
    "qr_type": {1: "桌卡", 2: "易拉宝", 3: "工牌", 4: "个人码", 5: "推文"},
    "ref_type": {1: "经纪人", 2: "老业主", 3: "员工"},
    "order_state": {1: "有效", 2: "已转签约", 9: "已退订"},
    "contract_state": {1: "有效", 9: "已退房"},
    "receipt_type": {1: "首付款", 2: "按揭放款", 3: "退款"},
    "kpi": {1: "签约金额", 2: "留电量"},
}

SOP_ITEMS = ("首次响应", "跟进记录", "案场接待", "报备核对", "日清复盘")
