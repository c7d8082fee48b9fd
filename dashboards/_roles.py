"""What the roles are called on screen, those who see most first."""

from metrics.pack import Label

ROLE_NAMES = {
    "leader": Label("集团领导", "Group executive"),
    "head": Label("项目总", "Project head"),
    "salesperson": Label("置业顾问", "Salesperson"),
    "champion": Label("数字化先锋官", "Digital champion"),
    "admin": Label("数字化专员", "Digital officer"),
    "viewer": Label("食堂大屏", "Canteen wall"),
}
