"""What the record can be asked: its signed root, an entry with its proof, and the entries of one case."""

from fundapp import clock
from fundapp.record import keys, tree
from fundapp.record.keys import SignedRoot


def signed_root() -> SignedRoot:
    """The root of all entries there are now, signed; nothing is written. Errors: keys.NoKey."""
    entries = tree.size()
    return keys.sign(entries, tree.root(entries).hex(), clock.now())
