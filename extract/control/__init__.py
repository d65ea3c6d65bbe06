"""The control page: what runs, how it fares, and what an operator can do about it.

Any project of the layer's has it by ``path("admin/extract/", include("extract.control.urls"))``,
above its admin's own paths.
"""
