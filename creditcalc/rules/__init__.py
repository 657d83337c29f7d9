"""What one edition of the ledger says: rules, inputs, readings, and how a value becomes points."""
