"""The form of a saved instance: its state as text that can be corrected, without undoing what is saved meanwhile."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NoReturn

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db import router
from django.utils.html import format_html
from django.utils.safestring import SafeString

from . import state_store, state_text, three_way
from .exceptions import BrokenStateError, InstanceGoneError, StateTextError, StateTooLargeError
from .models import DashApp

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[DashApp]
else:  # Django's class takes no parameter when it runs
    _ModelForm = forms.ModelForm
_SEEN = "base_state_seen"


@dataclass(frozen=True)
class Seal:
    """What stands for a state in the form, so that it can be told what of it has changed since.

    Attributes:
        text: a digest of the whole, however it is laid out.
        values: digests of the values, see ``three_way``; None of a state that cannot be read.
    """

    text: str = ""
    values: dict[str, str] | None = None

    @classmethod
    def of(cls, text: str) -> Seal:
        """The seal of a state."""
        try:
            values = three_way.digests(state_store.read(text, ""))
        except BrokenStateError:
            values = None
        return cls(_digest(text), values)

    @classmethod
    def read(cls, given: str) -> Seal:
        """The seal that a form was sent with; of anything else one that no state has."""
        try:
            found = json.loads(given)
        except (ValueError, RecursionError):
            return cls()
        if not isinstance(found, dict) or not isinstance(found.get("values"), dict):
            found = {"text": found.get("text") if isinstance(found, dict) else ""}
        return cls(str(found.get("text")), found.get("values"))

    def __str__(self) -> str:
        return json.dumps(vars(self))


def _digest(text: str) -> str:
    return sha256(state_text.compact(_as_lines(text)).encode(errors="surrogatepass")).hexdigest()


class StateWidget(AdminTextareaWidget):
    """A text area, the seal of what was in it when the form was made, and what is wrong with that if something is."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 18, "spellcheck": "false", "class": "vLargeTextField dpd-state", **(attrs or {})})
        self.seal, self.problem = "", ""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """The HTML of all three."""
        problem = format_html('<ul class="errorlist"><li>{}</li></ul>', self.problem) if self.problem else ""
        return format_html(
            '<div class="dpd-state-field">{}{}<input type="hidden" name="{}" value="{}"></div>',
            problem,
            super().render(name, value, attrs, renderer),
            _SEEN,
            self.seal,
        )


class StateField(forms.CharField):
    """Text of a state. Space between its parts, and how its letters are escaped, make no difference."""

    widget = StateWidget

    def to_python(self, value: Any) -> str:
        """The text, with the ends of lines as they were before the browser sent it."""
        return _as_lines(str(super().to_python(value)))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the values are others."""
        return state_text.compact(initial or "") != state_text.compact(self.to_python(data))


class DashAppForm(_ModelForm):
    """A saved instance. Of the state is written what was changed here; what others have saved since the form was made
    stays, and where both have changed the same property, nothing is written before that has been seen."""

    base_state = StateField(
        label="State",
        strip=False,
        required=False,
        initial="{}",
        help_text="JSON: component id, property, value. These properties are tracked: callbacks that receive or return "
        "them save them here, where the instance saves on change. Nothing is tracked while it is empty: the action "
        "'Populate' fills it.",
    )

    class Meta:
        model = DashApp
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.writes_state = self.instance.pk is None
        field = self.fields.get("base_state")
        if field is None:
            return
        if self.instance.pk is not None:
            self.initial["base_state"] = state_text.indented(self.instance.base_state)
        if not self.is_bound and self.instance.pk is not None:
            field.widget.seal = str(Seal.of(self.instance.base_state))
            field.widget.problem = trouble(self.instance)
        elif self.is_bound:
            field.widget.seal = self.data.get(_SEEN, "")

    @cached_property
    def changed_data(self) -> list[str]:
        """Names of fields with other values than the row's; the state among them only if it is to be written."""
        return [name for name in super().changed_data if name != "base_state" or self.writes_state]

    def _get_validation_exclusions(self) -> set[str]:
        # The model's own check of the state is for one that is to be written.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded if self.writes_state else excluded | {"base_state"}

    def clean_base_state(self) -> str:
        """The text to store.

        Raises:
            ValidationError: it is no state, it is too large, or another one has been saved since the form was made.
        """
        text: str = self.cleaned_data["base_state"]
        row = self.instance
        if row.pk is None:
            text = text.strip() or "{}"
            self._check(text, before="")
            return state_text.storable(text)
        seen, given = Seal.read(self.data.get(_SEEN, "")), _digest(text)
        if given == seen.text:
            problem = trouble(row)
            if problem and _digest(row.base_state) == given:
                raise forms.ValidationError(problem, code="broken")
            return row.base_state
        try:
            with state_store.locked(row, router.db_for_write(DashApp, instance=row)) as stored:
                now = stored.base_state
        except InstanceGoneError as error:
            raise forms.ValidationError(str(error), code="gone") from None
        row.base_state = now
        if given == _digest(now):
            return now
        if _digest(now) != seen.text:
            text = self._merged(text, now, seen)
        self._check(text, before=now)
        self.writes_state = True
        return state_text.storable(text)

    def _check(self, text: str, before: str) -> None:
        self._parsed(text)
        try:
            state_store.refuse_growth(str(self.instance), state_text.storable(text), before)
        except StateTooLargeError as error:
            raise forms.ValidationError(str(error), code="size") from None

    def _parsed(self, text: str) -> state_store.State:
        try:
            return state_store.parse(text)
        except StateTextError as error:
            raise forms.ValidationError(str(error), code="invalid") from None

    def _merged(self, text: str, now: str, seen: Seal) -> str:
        """The text, with what was saved since the form was made and was not changed in it."""
        mine = self._parsed(text)
        try:
            theirs = state_store.read(now, str(self.instance))
        except BrokenStateError:
            theirs = None
        if theirs is None or seen.values is None:
            self._tell_of_conflict(Seal.of(now), now)
        state, conflicts, removed = three_way.merged(mine, theirs, seen.values)
        both = [*((key, name) for key, name, _ in state_store.flat(conflicts)), *removed]
        if both:
            # Callbacks may go on changing it, so that there is no end to looking at it.
            decided = {three_way.place(key, name): three_way.DECIDED for key, name in both}
            seal = Seal("", {**seen.values, **decided})
            self._tell_of_conflict(seal, state_store.written(conflicts), [f"{key}.{name}" for key, name in removed])
        return state_store.written(state)

    def _tell_of_conflict(self, seal: Seal, theirs: str, removed: Sequence[str] = ()) -> NoReturn:
        """Show both; whoever saves once more has seen the other one."""
        self.fields["base_state"].widget.seal = str(seal)
        message = (
            "What you have changed here was changed while this form was open, by a callback or by another person. "
            "Nothing was saved. Below stands your text; save again to put it in the place of what is saved now:"
        )
        shown = format_html('{}<pre class="dpd-saved-now">{}</pre>', message, state_text.indented(theirs))
        if removed:
            shown += format_html("These are not tracked any more: {}.", ", ".join(removed))
        raise forms.ValidationError(shown, code="conflict")


def _as_lines(text: str) -> str:
    # A browser sends other ends of lines than it was given.
    return text.replace("\r\n", "\n").replace("\r", "\n")


def trouble(row: DashApp) -> str:
    """Why the state of a row cannot be read; empty if it can."""
    if not row.state_error:
        return ""
    return f"What is saved cannot be read. {row.state_error} Nothing is written over it until it is corrected here."
