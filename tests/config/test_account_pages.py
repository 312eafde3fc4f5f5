"""Every page under /account/: our own layout and our own words, none of those it came with."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import allauth
import pytest
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.test import Client
from django.test.utils import override_settings
from django.utils.html import strip_tags

from tests.config.test_login import PASSWORD, code_of, log_in, set_up_app
from tests.factories.cast import Estate
from tests.permissions import routes

ALLAUTH = Path(allauth.__file__).parent
# Words of allauth's own pages: what it is called here is log in, log out and log-in.
FOREIGN = re.compile(
    r"sign[ -]?(in|out|up)\b|signed (in|out)|\blogin\b|\blogout\b|log on|account\b|reauthenticate|"
    r"security key[s]? (?:added|removed)|two-factor|"
    r"\b(?:Change|Reset|Set) Password\b|Authenticator App\b|Recovery Codes\b|\bToken\b|"
    r"\bEmail\b|\bemail\b|Incorrect|associated|\bplease\b",
)
# Frames without words of their own: they only say which of our layouts a page uses.
FRAMES = {
    "account/base_entrance.html", "account/base_manage.html", "account/base_manage_email.html",
    "account/base_manage_password.html", "mfa/base_entrance.html", "mfa/base_manage.html",
    "mfa/totp/base.html", "mfa/recovery_codes/base.html", "mfa/webauthn/base.html",
    "mfa/webauthn/snippets/login_script.html", "usersessions/base_manage.html",
}  # fmt: skip

Build = Callable[[Estate], tuple[Client, str, dict[str, Any] | None]]


def outside(address: str, posted: dict[str, Any] | None = None) -> Build:
    return lambda _estate: (Client(), address, posted)


def within(address: str, posted: dict[str, Any] | None = None) -> Build:
    return lambda estate: (inside(estate), address, posted)


def inside(estate: Estate) -> Client:
    client, _answer = log_in()
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return client


def with_app(address: str, posted: dict[str, Any] | None = None) -> Build:
    def build(estate: Estate) -> tuple[Client, str, dict[str, Any] | None]:
        client = inside(estate)
        TOTP.activate(estate.olga, generate_totp_secret())
        RecoveryCodes.activate(estate.olga)
        return client, address, posted

    return build


def half_way(posted: dict[str, Any] | None = None) -> Build:
    def build(estate: Estate) -> tuple[Client, str, dict[str, Any] | None]:
        TOTP.activate(estate.olga, generate_totp_secret())
        return log_in()[0], "/account/2fa/authenticate/", posted

    return build


def with_passkey(address: str, posted: dict[str, Any] | None = None) -> Build:
    def build(estate: Estate) -> tuple[Client, str, dict[str, Any] | None]:
        client = inside(estate)
        row = Authenticator.objects.create(
            user=estate.olga, type="webauthn", data={"name": "My phone", "credential": CREDENTIAL}
        )
        return client, address.format(pk=row.pk), posted

    return build


def sent_a_code(estate: Estate) -> Client:
    estate.olga.email = "olga@northwind.example"
    estate.olga.save()
    client = Client()
    client.post("/account/login/code/", {"email": "olga@northwind.example"})
    return client


def code_page(posted: dict[str, Any] | None = None) -> Build:
    return lambda estate: (sent_a_code(estate), "/account/login/code/confirm/", posted)


def letter_page(posted: dict[str, Any] | None = None) -> Build:
    def build(estate: Estate) -> tuple[Client, str, dict[str, Any] | None]:
        key = default_token_generator.make_token(estate.olga)
        client = Client()
        uid = user_pk_to_url_str(estate.olga)
        answer = client.get(f"/account/password/reset/key/{uid}-{key}/")
        return client, answer["Location"], posted

    return build


def address_page(estate: Estate) -> tuple[Client, str, None]:
    address = EmailAddress.objects.create(user=estate.olga, email="olga@northwind.example")
    return Client(), f"/account/confirm-email/{EmailConfirmationHMAC(address).key}/", None


def addresses(estate: Estate) -> tuple[Client, str, None]:
    EmailAddress.objects.create(user=estate.olga, email="o@northwind.example", primary=True)
    return inside(estate), "/account/email/", None


def without_password(estate: Estate) -> tuple[Client, str, None]:
    client = inside(estate)
    estate.olga.set_unusable_password()
    estate.olga.save()
    client.force_login(estate.olga, "allauth.account.auth_backends.AuthenticationBackend")
    return client, "/account/password/set/", None


CREDENTIAL = {
    "type": "public-key", "id": "AA", "rawId": "AA", "clientExtensionResults": {},
    "response": {"clientDataJSON": "e30", "attestationObject": "oA"},
    "authenticatorAttachment": "platform",
}  # fmt: skip

# By the name of each address; "name (what)" for a further state of the same page.
PAGES: dict[str, Build] = {
    "account_login": outside("/account/login/"),
    "account_login (wrong)": outside("/account/login/", {"login": "olga", "password": "x"}),
    "account_logout": within("/account/logout/"),
    "account_inactive": outside("/account/inactive/"),
    "account_signup": outside("/account/signup/"),
    "account_reauthenticate": lambda estate: (log_in()[0], "/account/reauthenticate/", None),
    "account_reauthenticate (wrong)": lambda estate: (
        log_in()[0], "/account/reauthenticate/", {"password": "x"}),
    "account_email": within("/account/email/"),
    "account_email (some)": addresses,
    "account_email (wrong)": within("/account/email/", {"action_add": "", "email": "olga"}),
    "account_email_verification_sent": outside("/account/confirm-email/"),
    "account_confirm_email": address_page,
    "account_confirm_email (over)": outside("/account/confirm-email/nothing/"),
    "account_change_password": within("/account/password/change/"),
    "account_change_password (wrong)": within(
        "/account/password/change/", {"oldpassword": "x", "password1": "1", "password2": "2"}),
    "account_set_password": without_password,
    "account_reset_password": outside("/account/password/reset/"),
    "account_reset_password (wrong)": outside("/account/password/reset/", {"email": "olga"}),
    "account_reset_password_done": outside("/account/password/reset/done/"),
    "account_reset_password_from_key": letter_page(),
    "account_reset_password_from_key (wrong)": letter_page({"password1": "1", "password2": "2"}),
    "account_reset_password_from_key (over)": outside("/account/password/reset/key/1-nothing/"),
    "account_reset_password_from_key_done": outside("/account/password/reset/key/done/"),
    "account_request_login_code": outside("/account/login/code/"),
    "account_request_login_code (wrong)": outside("/account/login/code/", {"email": "olga"}),
    "account_confirm_login_code": code_page(),
    "account_confirm_login_code (wrong)": code_page({"code": "wrong"}),
    "mfa_index": within("/account/2fa/"),
    "mfa_index (all)": with_app("/account/2fa/"),
    "mfa_authenticate": half_way(),
    "mfa_authenticate (wrong)": half_way({"code": "000000"}),
    "mfa_reauthenticate": with_app("/account/2fa/reauthenticate/"),
    "mfa_reauthenticate (wrong)": with_app("/account/2fa/reauthenticate/", {"code": "000000"}),
    "mfa_activate_totp": within("/account/2fa/totp/activate/"),
    "mfa_activate_totp (wrong)": within("/account/2fa/totp/activate/", {"code": "000000"}),
    "mfa_deactivate_totp": with_app("/account/2fa/totp/deactivate/"),
    "mfa_view_recovery_codes": with_app("/account/2fa/recovery-codes/"),
    "mfa_generate_recovery_codes": with_app("/account/2fa/recovery-codes/generate/"),
    "mfa_list_webauthn": with_passkey("/account/2fa/webauthn/"),
    "mfa_add_webauthn": within("/account/2fa/webauthn/add/"),
    "mfa_reauthenticate_webauthn": with_passkey("/account/2fa/webauthn/reauthenticate/"),
    "mfa_remove_webauthn": with_passkey("/account/2fa/webauthn/keys/{pk}/remove/"),
    "mfa_edit_webauthn": with_passkey("/account/2fa/webauthn/keys/{pk}/edit/"),
    "usersessions_list": within("/account/sessions/"),
}  # fmt: skip
NO_PAGES = {
    "mfa_download_recovery_codes",  # a text file of codes
    "mfa_login_webauthn",  # for the log-in page's script
    "session-end",  # takes a POST and leads back to the list
}


def test_every_address_under_account_is_walked() -> None:
    named = {route.name for route in routes.pages() if route.pattern.startswith("account/")}
    assert named == {key.partition(" ")[0] for key in PAGES} | NO_PAGES


@pytest.mark.parametrize("key", PAGES)
def test_a_page_is_ours_in_looks_and_words(
    estate: Estate, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the browser is asked to sign is no matter of words; a real one signs in tests/browser.
    monkeypatch.setattr("allauth.mfa.webauthn.internal.auth.begin_authentication", lambda _user: {})
    client, address, posted = PAGES[key](estate)
    answer = client.get(address) if posted is None else client.post(address, posted)
    assert answer.status_code == 200
    page = answer.content.decode()
    came_with = {
        template.name
        for template in answer.templates
        if template.origin is not None and Path(template.origin.name).is_relative_to(ALLAUTH)
    }
    assert came_with <= FRAMES
    assert page.count("<h1") == 1
    assert re.search(r"<title>\s*[A-Z][^<]+ · Lockwright</title>", page)
    words = _words(page)
    assert not FOREIGN.findall(words), FOREIGN.search(words)
    _labels_are_tied(page)
    if "wrong" in key:
        assert re.search(r'role="alert"[^>]*>\s*<ul', page), "what is wrong is announced"


def _words(page: str) -> str:
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    spoken = re.findall(r'(?:aria-label|placeholder|alt|title)="([^"]*)"', body)
    return " ".join([strip_tags(body), *spoken])


def _labels_are_tied(page: str) -> None:
    tied = set(re.findall(r'<label for="([^"]+)"', page))
    for field in re.findall(r"<(?:input|textarea|select)\b[^>]*>", page):
        if 'type="hidden"' in field:
            continue
        name = re.search(r'\bid="([^"]+)"', field)
        assert name is not None, field
        assert name[1] in tied, field


def test_too_many_attempts_from_one_place_have_a_page_of_ours(estate: Estate) -> None:
    with override_settings(ACCOUNT_RATE_LIMITS={"login": "1/m/ip"}):
        log_in(password="x")
        _client, answer = log_in(password="x")
    assert answer.status_code == 429
    page = answer.content.decode()
    assert "Wait a few minutes" in page
    assert "static/css/account.css" in page


@pytest.mark.django_db(transaction=True)
def test_letters_are_in_our_words(estate: Estate) -> None:
    sent_a_code(estate)
    Client().post("/account/password/reset/", {"email": "olga@northwind.example"})
    client, _answer = log_in()
    set_up_app(client)
    client.post("/account/2fa/recovery-codes/generate/")
    client.post("/account/2fa/totp/deactivate/")
    new = {"oldpassword": PASSWORD, "password1": "staple-8842", "password2": "staple-8842"}
    client.post("/account/password/change/", new)
    client.post("/account/email/", {"action_add": "", "email": "o@northwind.example"})
    subjects = [letter.subject for letter in mail.outbox]
    assert {
        "Lockwright: your code to log in",
        "Lockwright: a new password",
        "Lockwright: the authenticator app is set up",
        "Lockwright: new recovery codes",
        "Lockwright: the authenticator app is removed",
        "Lockwright: your password was changed",
        "Lockwright: confirm your address",
    } <= set(subjects)
    for letter in mail.outbox:
        plain = re.sub(r"https?://\S+", "", letter.body)
        assert not FOREIGN.findall(f"{letter.subject} {plain}"), letter.body
        assert "Hello," in letter.body


def test_a_secret_of_the_app_is_on_the_page_that_sets_it_up_only(estate: Estate) -> None:
    client, _answer = log_in()
    secret = set_up_app(client)
    for address in ("/account/2fa/", "/account/2fa/totp/deactivate/", "/account/2fa/authenticate/"):
        assert secret not in client.get(address, follow=True).content.decode()
    assert code_of(secret)
