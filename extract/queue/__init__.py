"""Events between processes: Celery queues on Redis or RabbitMQ, and workers that empty them."""

from extract.queue.way import way

__all__ = ["way"]
