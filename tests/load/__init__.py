"""Steady open-loop load on a fleet, disturbances meanwhile, and the client's log held against
the databases afterwards. ``python -m tests.load kill --seconds 60 --seed 7``
"""
