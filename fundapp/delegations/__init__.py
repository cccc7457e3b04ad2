"""What a body lets others decide for it, what they decided, and at which § it was told of it."""
