"""What the end-to-end tests need to run the real programs against real files, real git and a real redis-server."""
