"""Which forms of the log-in have words of ours, by the names that allauth gives them."""

from __future__ import annotations

ACCOUNT_FORMS = {
    "login": "config.account.forms.LogInForm",
    "add_email": "config.account.forms.AddEmailForm",
    "change_password": "config.account.forms.ChangePasswordForm",
    "set_password": "config.account.forms.SetPasswordForm",
    "reset_password": "config.account.forms.ResetPasswordForm",
    "reset_password_from_key": "config.account.forms.ResetPasswordKeyForm",
    "request_login_code": "config.account.forms.RequestCodeForm",
    "confirm_login_code": "config.account.forms.ConfirmCodeForm",
    "reauthenticate": "config.account.forms.ReauthenticateForm",
}

MFA_FORMS = {
    "authenticate": "config.account.forms.SecondStepForm",
    "reauthenticate": "config.account.forms.SecondStepAgainForm",
    "activate_totp": "config.account.forms.SetUpAppForm",
    "add_webauthn": "config.account.forms.AddPasskeyForm",
}
