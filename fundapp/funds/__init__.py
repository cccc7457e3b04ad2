"""What can be applied for: funds, their rounds, and the ledger that never lets a round grant more than it has."""
