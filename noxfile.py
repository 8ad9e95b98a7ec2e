"""The tests against more than one Python, Django and Dash; each runs where its interpreter exists."""

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True

FIRST_DASH, LAST_DASH = "4.2.0", "4.4.1"


@nox.session
@nox.parametrize(
    ("python", "django", "dash"),
    [
        nox.param("3.10", "5.2", LAST_DASH, id="py310-django52-dash44"),
        nox.param("3.11", "5.2", FIRST_DASH, id="py311-django52-dash42"),
        nox.param("3.12", "6.0", LAST_DASH, id="py312-django60-dash44"),
        nox.param("3.13", "6.1", LAST_DASH, id="py313-django61-dash44"),
        nox.param("3.13", "6.1", FIRST_DASH, id="py313-django61-dash42"),
    ],
)
def tests(session: nox.Session, django: str, dash: str) -> None:
    session.install(".[test]", f"Django~={django}.0", f"dash=={dash}")
    session.run("python", "-m", "pytest", "-m", "not browser", *session.posargs)
