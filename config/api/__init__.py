"""The API under /api/v1/: each view checks, calls one service and shows the result."""
