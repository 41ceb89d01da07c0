"""The data scientist's screen: which model serves, what the challenger says beside it, drift, and the signature.

A manager sees the same and chooses the slice from which advice is withheld.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import partial

import streamlit as st

from app_streamlit import client, loop
from app_streamlit.widgets.acting import act, choose, chosen, show_done, typed
from app_streamlit.widgets.look import said, strip
from app_streamlit.widgets.messages import show_problem
from app_streamlit.widgets.picklist import Row, picklist, show_table
from serving.schemas.models import ComparisonView, FiguresView, ModelView, ServiceIn, SignView, WatchView, WithholdIn

CHOSEN = "models_chosen"
NO_REASON = client.ApiProblem("A signature needs a reason.", "Say in three characters or more why.")
NO_WHY = client.ApiProblem("A choice needs a reason.", "Say in three characters or more why.")
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
    show_done()
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
    picklist("models", COLUMNS, rows, _wanted(models), on_pick=choose(CHOSEN), height="16rem")


def _short(card: dict[str, str], name: str) -> str:
    found = card.get(f"held_out {name}", "")
    return found[:5] if "." in found else found


def _wanted(models: Sequence[ModelView]) -> str:
    """The model chosen, else the challenger, else the first."""
    return chosen(CHOSEN, [model.sha256 for model in sorted(models, key=lambda model: not model.challenger)])


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
        st.text_input("Reason (kept in the event log)", max_chars=200, key=f"reason_{model.sha256}")
        again = bool(model.activated_at)
        serve, shadow = st.columns(2)
        serve.button(
            "Back into service" if again else "Sign into service", type="primary", width="stretch",
            on_click=act, args=(partial(_serve, model), NO_REASON),
        )  # fmt: skip
        shadow.button(
            "Score in the shadow", width="stretch", disabled=model.challenger or model.kind == "overturn",
            on_click=act, args=(partial(_shadow, model), NO_REASON),
        )  # fmt: skip


def _signed(model: ModelView) -> ServiceIn:
    """The signature for this model, which stays chosen. Raises ValueError where no reason is typed."""
    st.session_state[CHOSEN] = model.sha256
    return ServiceIn(sha256=model.sha256, reason=typed(f"reason_{model.sha256}"))


def _serve(model: ModelView) -> str:
    view = loop.current().put_in_service(model.kind, _signed(model))
    return f"{view.kind} {view.sha256[:12]} serves, signed by {view.activated_by}."


def _shadow(model: ModelView) -> str:
    loop.current().put_in_shadow(model.kind, _signed(model))
    words = "scores in the shadow from tonight on; nobody is shown what it says"
    return f"{model.kind} {model.sha256[:12]} {words}."


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
        share = api.withheld()
    except client.ApiProblem as problem:
        show_problem(problem)
        return
    with st.container(border=True):
        strip(
            (f"{share.percent}%", "of visits without the model's advice", ""), (str(share.claims), "claims drawn", "")
        )
        st.caption(
            "Every edit still applies to them. What becomes of claims that nobody mended at the model's word is the "
            "only sample that says, without its own influence, what it is worth."
        )
        if share.chosen_by:
            st.caption(f"Chosen by {share.chosen_by} on {share.chosen_at[:10]}: {share.reason}")
        if "manager" in client.who().roles:
            percent = st.slider("Per cent of visits", 0, 10, share.percent, key="withhold_percent")
            st.text_input("Why", max_chars=200, key="withhold_reason")
            st.button("Choose", on_click=act, args=(partial(_withhold, percent), NO_WHY))


def _withhold(percent: int) -> str:
    loop.current().withhold(WithholdIn(percent=percent, reason=typed("withhold_reason")))
    return f"From now on advice is withheld from {percent} in 100 visits."
