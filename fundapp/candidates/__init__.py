"""Between stations 3 and 4, for the stipend: all that was sent in about one association is one candidate."""
