"""Joins what the tests share: the rules that every test lives under, and fixtures of more than one folder."""

pytest_plugins = ["tests.suite_rules", "tests.storage_fixtures"]
