"""Telling people outside of the pages: robots in group chats, mail, webhooks. Delivery is what the receiver's answer says."""

from data_access.notices.receipt import Receipt

__all__ = ["Receipt"]
