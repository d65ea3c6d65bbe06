"""News between apps: published with the change it tells of, delivered until it is handled."""

from extract.event.event import Event
from extract.event.outbox import publish
from extract.event.subscription import Subscription, SubscriptionMistake, subscribe, subscriptions

__all__ = [
    "Event",
    "Subscription",
    "SubscriptionMistake",
    "publish",
    "subscribe",
    "subscriptions",
]
