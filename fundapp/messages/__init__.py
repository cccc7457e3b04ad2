"""Messages in a case, between the applicant and the officials: from the day it is registered until it is long over."""
