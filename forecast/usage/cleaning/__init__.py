"""The cleaning ledger: recording faults and bursts, found and proposed; nothing acts unasked."""
