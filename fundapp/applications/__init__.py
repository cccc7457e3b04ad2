"""Station 1 of 8. An association applies, or anybody nominates; a draft is theirs alone until it is sent."""
