"""The data scientist's screen: which model serves, what the challenger says beside it, drift, and the signature.

A manager sees the same and chooses the slice from which advice is withheld.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from app_streamlit import client, loop
from app_streamlit.widgets.look import said, strip
from app_streamlit.widgets.messages import hold, show_held, show_problem
from app_streamlit.widgets.picklist import Row, picklist, show_table
from serving.schemas.models import ComparisonView, FiguresView, ModelView, ServiceIn, SignView, WatchView, WithholdIn

CHOSEN, SIGNED = "models_chosen", "models_signed"
KIND = "denial"  # the kind whose drift is watched
COLUMNS = (("Kind", ""), ("Seal", "code"), ("Standing", ""), ("Signed by", ""), ("Data", ""), ("AUC", "number"),
           ("Calibration error", "number"), ("Judged on", "number"))  # fmt: skip
FIGURES = (("", ""), ("Answered", "number"), ("Denied", "number"), ("Mean stated", "number"), ("Log loss", "number"),
           ("Brier", "number"), ("AUC", "number"))  # fmt: skip
SIGNS = (("", ""), ("What", ""), ("Value", "number"), ("Alarm from", "number"), ("Claims", "number"), ("Says", "long"))


def show() -> None:
    """The page. Raises ApiProblem where nothing of it can be shown."""
    api = loop.current()
    models = api.models()
    show_held()
    _show_signed()
    watched = api.watch(KIND)
    _alarms(watched)
    left, right = st.columns([3, 2])
    with left:
        _models(models)
        _challenger(watched)
        _signs(watched)
    with right:
        _chosen(models)
        _withheld(api, watched)


def _show_signed() -> None:
    """What the last signature led to, once."""
    words = st.session_state.pop(SIGNED, None)
    if words:
        said(str(words))


def _alarms(watched: WatchView) -> None:
    """What a person has to look at, first of all."""
    for words in watched.alarms:
        said(f"Alarm: {words}.", "bad")
    if not watched.as_of:
        st.info("No denial model has been watched yet: the night after one is signed into service does it.")
        return
    strip(
        ("", f"watched as of {watched.as_of}", ""),
        (str(watched.mature), f"claims sent {watched.maturity_days} days ago or earlier", ""),
        (str(watched.unknown), "of them without an answer", ""),
        (str(watched.young), "too young to judge", ""),
        (str(len(watched.alarms)), "alarms", "bad" if watched.alarms else ""),
    )


# --- which serves ---


def standing(model: ModelView) -> tuple[str, str]:
    """How a model stands, and the tone in which to say it."""
    if model.in_service:
        return f"in service since {model.activated_at[:10]}", "good"
    if model.challenger:
        return "challenger, in the shadow", "warn"
    return (f"served, last from {model.activated_at[:10]}", "quiet") if model.activated_at else ("offered", "quiet")


def _models(models: Sequence[ModelView]) -> None:
    if not models:
        st.info("No model is kept: `cleanclaim model offer` keeps one that cleanclaim-train has promoted.")
        return
    rows = [
        Row(
            model.sha256,
            (
                (model.kind, ""),
                (model.sha256[:12], ""),
                standing(model),
                (model.activated_by, "quiet"),
                (model.card.get("data", ""), "quiet"),
                (_short(model.card, "auc"), "strong"),
                (_short(model.card, "ece"), ""),
                (_short(model.card, "n"), "quiet"),
            ),
        )
        for model in models
    ]
    picklist("models", COLUMNS, rows, _wanted(models), on_pick=_choose, height="16rem")


def _short(card: dict[str, str], name: str) -> str:
    found = card.get(f"held_out {name}", "")
    return found[:5] if "." in found else found


def _wanted(models: Sequence[ModelView]) -> str:
    """The model chosen, else the challenger, else the first."""
    known = [model.sha256 for model in models]
    shadow = [model.sha256 for model in models if model.challenger]
    return next(s for s in (str(st.session_state.get(CHOSEN, "")), *shadow, *known) if s in known)


def _choose(seal: str) -> None:
    st.session_state[CHOSEN] = seal


def _chosen(models: Sequence[ModelView]) -> None:
    """The model chosen: its card, and the signature that lets it serve, score in the shadow, or serve again."""
    if not models:
        return
    model = next(each for each in models if each.sha256 == _wanted(models))
    with st.container(border=True):
        strip((model.kind, standing(model)[0], ""))
        st.caption(f"Seal {model.sha256}")
        rows = "".join(
            f"<li><b>{html.escape(name.replace('_', ' '))}</b> {html.escape(value)}</li>"
            for name, value in model.card.items()
        )
        with st.expander("Model card"):
            st.html(f'<ul class="findings">{rows}</ul>')
        if model.in_service:
            st.caption("This model serves. To back out of it, choose the one that served before and sign it in again.")
            return
        reason = st.text_input("Reason (kept in the event log)", max_chars=200, key=f"reason_{model.sha256}")
        again = bool(model.activated_at)
        serve, shadow = st.columns(2)
        serve.button(
            "Back into service" if again else "Sign into service", type="primary", width="stretch",
            on_click=_sign, args=(model, reason, "service"),
        )  # fmt: skip
        shadow.button(
            "Score in the shadow", width="stretch", disabled=model.challenger, on_click=_sign,
            args=(model, reason, "shadow"),
        )  # fmt: skip


def _sign(model: ModelView, reason: str, where: str) -> None:
    api = loop.current()
    st.session_state[CHOSEN] = model.sha256
    try:
        signed = ServiceIn(sha256=model.sha256, reason=reason.strip())
        if where == "service":
            view = api.put_in_service(model.kind, signed)
            st.session_state[SIGNED] = f"{view.kind} {view.sha256[:12]} serves, signed by {view.activated_by}."
        else:
            api.put_in_shadow(model.kind, signed)
            words = "scores in the shadow from tonight on; nobody is shown what it says"
            st.session_state[SIGNED] = f"{model.kind} {model.sha256[:12]} {words}."
    except client.ApiProblem as problem:
        hold(problem)
    except ValueError:
        hold(client.ApiProblem("A signature needs a reason.", "Say in three characters or more why."))


# --- the challenger, drift ---


def _figures(figures: FiguresView) -> Row:
    cells = (figures.n, figures.denied, figures.stated, figures.log_loss, figures.brier, figures.auc)
    return Row(figures.name, [(figures.name, "strong"), *((str(cell), "") for cell in cells)])


def _challenger(watched: WatchView) -> None:
    both: ComparisonView | None = watched.comparison
    rows = [_figures(each) for each in watched.slices]
    if both is not None:
        strip(
            ("Challenger", both.words, ""),
            (both.gain, f"log loss gained a claim ({both.low} to {both.high})" if both.gain else "", ""),
            (str(both.waiting), "scored by both, not answered yet", ""),
        )
        rows = [_figures(both.champion), _figures(both.challenger), *rows]
    if rows:
        show_table("figures", FIGURES, rows)


def _signs(watched: WatchView) -> None:
    ranked: list[SignView] = sorted(watched.signs, key=lambda sign: not sign.alarm)
    rows = [
        Row(
            f"{sign.kind} {sign.name}",
            [
                (sign.kind, "quiet"),
                (sign.name, "bad" if sign.alarm else "strong"),
                (sign.value, "bad" if sign.alarm else ""),
                (sign.threshold, "quiet"),
                (str(sign.claims), "quiet"),
                (sign.words, ""),
            ],
        )
        for sign in ranked
    ]
    if rows:
        strip(("Drift", "of what claims show, of what the model says, and of what became of mature claims", ""))
        show_table("signs", SIGNS, rows, height="22rem")


# --- the slice without advice ---


def _withheld(api: loop.LoopClient, watched: WatchView) -> None:
    """The manager's choice; others see it."""
    try:
        chosen = api.withheld()
    except client.ApiProblem as problem:
        show_problem(problem)
        return
    with st.container(border=True):
        strip(
            (f"{chosen.percent}%", "of visits without the model's advice", ""), (str(chosen.claims), "claims drawn", "")
        )
        st.caption(
            "Every edit still applies to them. What becomes of claims that nobody mended at the model's word is the "
            "only sample that says, without its own influence, what it is worth."
        )
        if chosen.chosen_by:
            st.caption(f"Chosen by {chosen.chosen_by} on {chosen.chosen_at[:10]}: {chosen.reason}")
        if "manager" in client.who().roles:
            percent = st.slider("Per cent of visits", 0, 10, chosen.percent, key="withhold_percent")
            reason = st.text_input("Why", max_chars=200, key="withhold_reason")
            st.button("Choose", on_click=_withhold, args=(percent, reason))


def _withhold(percent: int, reason: str) -> None:
    try:
        loop.current().withhold(WithholdIn(percent=percent, reason=reason.strip()))
        st.session_state[SIGNED] = f"From now on advice is withheld from {percent} in 100 visits."
    except client.ApiProblem as problem:
        hold(problem)
    except ValueError:
        hold(client.ApiProblem("A choice needs a reason.", "Say in three characters or more why."))
