"""The sealed record: every event and every decision as an entry in an append-only tree that anybody can check."""
