"""Texts that look like a key, masked."""

from cellrun.core.likely_secrets import without_keys

TOKEN = "ghp_" + "a1B2" * 9


def test_what_looks_like_a_key_is_masked_and_the_rest_stays():
    text = f"token = '{TOKEN}'  # {TOKEN}, für alle\nurl = 'https://ada:{'hunter2pass'}@example.org/x'\nhf_hub = 1\n"
    shown = without_keys(text, "***")
    assert shown == "token = '***'  # ***, für alle\nurl = '***xample.org/x'\nhf_hub = 1\n"
    assert without_keys("x = 1 # risk-\ud800", "***") == "x = 1 # risk-\ud800"
