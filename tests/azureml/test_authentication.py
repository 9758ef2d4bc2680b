"""Who one is in Azure: taken, forgotten, and said once to be of no use."""

import pytest

from cellrun.core import Workspace, unsupported

SECRET = "pa55-w0rd-of-a-service"


@pytest.fixture(autouse=True)
def nothing_said_yet(monkeypatch):
    monkeypatch.setattr(unsupported, "_said", set())


def test_every_kind_is_taken_and_said_once_to_be_of_no_use(tmp_path, monkeypatch):
    from azureml.core import authentication

    monkeypatch.chdir(tmp_path)
    with pytest.warns(UserWarning, match="no authentication is needed") as warned:
        kinds = [
            authentication.InteractiveLoginAuthentication(force=True, tenant_id="t"),
            authentication.ServicePrincipalAuthentication("tenant", "id", SECRET),
            authentication.ServicePrincipalAuthentication(
                tenant_id="tenant", service_principal_id="id", service_principal_password=SECRET, cloud="AzureCloud"
            ),
            authentication.AzureCliAuthentication(),
            authentication.MsiAuthentication(),
            authentication.MsiAuthentication({"client_id": "id"}),
            authentication.TokenAuthentication(get_token_for_audience=lambda audience: SECRET),
            authentication.ArmTokenAuthentication(SECRET),
        ]
    assert len(warned) == 1
    for auth in kinds:
        assert Workspace.from_config(auth=auth) == Workspace.get("default", auth=auth)
        assert isinstance(auth, authentication.AbstractAuthentication)
    assert authentication.Audience.aml != authentication.Audience.arm


def test_no_secret_is_kept_shown_or_sent():
    from azureml.core.authentication import ServicePrincipalAuthentication

    with pytest.warns(UserWarning, match="no authentication"):
        auth = ServicePrincipalAuthentication("tenant", "id", SECRET)
    assert vars(auth) == {}
    assert SECRET not in repr(auth) + str(auth.get_authentication_header())
    assert set(auth.get_authentication_header()) == {"Authorization"}
