"""What gateways and meshes do by the Gateway API: whose routes are attached where, and their order.

The result is tables of `policy.routing`, and for every object what its status is to say.
"""

from __future__ import annotations
