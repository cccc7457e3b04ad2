"""Referral for comment (remiss): another administration, board or body is asked what it says of a case, and answers."""
