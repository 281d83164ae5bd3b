"""What people type about themselves: signing in, how the app looks, and a new password."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, PasswordField, RadioField, SelectChoice, StringField, ValidationError
from wtforms.validators import DataRequired, Length

from flowbuilder.accounts.passwords import MOST, password_problem

LOOKS = [SelectChoice("system", "As on this computer"), SelectChoice("light", "Light"), SelectChoice("dark", "Dark")]
TOO_LONG = "That is too long."


class SignInForm(FlaskForm):
    """An email address and a password."""

    email = StringField(
        "Email address",
        [DataRequired("Type your email address."), Length(max=254, message=TOO_LONG)],
        filters=[lambda text: (text or "").strip().lower()],
    )
    password = PasswordField("Password", [DataRequired("Type your password."), Length(max=MOST, message=TOO_LONG)])


class NameForm(FlaskForm):
    """What others in the account call somebody."""

    name = StringField(
        "Your name",
        [Length(max=100, message="Use at most 100 characters.")],
        filters=[lambda text: " ".join((text or "").split())],
    )


class LookForm(FlaskForm):
    """Light, dark, or what the computer is set to."""

    theme = RadioField("Look", choices=LOOKS)


class KeysForm(FlaskForm):
    """Whether the keys of the editor are on, which are more than Tab and Enter."""

    uses_keys = BooleanField("Use keys such as A, Delete and Ctrl + Z in the editor")


class PasswordForm(FlaskForm):
    """The password of now and the one to come."""

    current = PasswordField(
        "Your password now", [DataRequired("Type your password of now."), Length(max=MOST, message=TOO_LONG)]
    )
    new = PasswordField("New password", [DataRequired("Type a new password.")])

    def validate_new(self, field: Field) -> None:
        """Refuse a password that is short or often guessed."""
        problem = password_problem(field.data or "")
        if problem:
            raise ValidationError(problem)
