"""Tests against AWS on localhost: S3 and public keys over real HTTP, and the reference, the AWS CLI, beside ctaudit."""
