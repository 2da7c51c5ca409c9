"""The mock of Portal for the tests of both apps."""

pytest_plugins = ["portal_v1.pytest_plugin"]
