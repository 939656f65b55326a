"""What is unusual in the logs, and why: statistics over counts of calls; counts in, anomalies out."""
