"""What the house is kept in order with; not part of what is installed."""
