"""The servers of datastores, each started when it is first asked for."""

from tests.stores import azurite, gcs_server, hub, s3_server, web  # noqa: F401  # fixtures of the tests here
