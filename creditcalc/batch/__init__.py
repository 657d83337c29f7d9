"""Every page of a period: plan, run, record, publish."""
