"""Real Docker hosts as User-Mode Linux processes; see lab/README.md."""
