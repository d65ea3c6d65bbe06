"""Past sales from a file in the format of "Online Retail" become orders and refunds.

``lines`` reads the file, ``rules`` decides what is taken, ``run`` drives the services.
"""

from apps.payment.replay.lines import BadFile
from apps.payment.replay.run import FileChanged, Interrupted, Replay, ReplayStuck, Summary

__all__ = ["BadFile", "FileChanged", "Interrupted", "Replay", "ReplayStuck", "Summary"]
