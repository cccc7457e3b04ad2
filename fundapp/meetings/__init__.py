"""Station 4 of 8. The board sits: agenda, numbered paragraphs, and minutes that are approved once."""
