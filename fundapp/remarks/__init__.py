"""What officials tell each other about a case: flags and internal notes, never a part of the case's documents."""
