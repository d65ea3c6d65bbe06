"""Events between processes: Celery queues on Redis or RabbitMQ, and workers that empty them.

``way`` is how events leave this process. Nothing is imported here: a Celery app is configured
before Django has loaded its models.
"""
