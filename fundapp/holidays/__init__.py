"""Days that the law keeps as holidays, where the town knows better than the calendar that is shipped."""
