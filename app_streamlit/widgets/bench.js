// The coder's bench: the note with its evidence on the left, the codes on the right, one key for each decision.
//
// Every text is set as text (textContent): nothing in a note, a title or a rule is ever read as markup. A key shows its
// effect at once and is sent to the server as a numbered entry of `log`; the server says by `seen` which entries it has
// taken, and from then on its own word counts. An entry names visit and code, so a fast key never decides another code.

const EDITABLE = "input, textarea, select, [contenteditable='true'], [role='textbox'], [role='combobox']";
const STATES = { accept: "accepted", add: "added", reject: "rejected", "": "to decide" };
const WORDS = ["accept", "reject", "add", "undo"]; // what is said of a code; "ask", "answer", "withdraw", "close" are not
const OTHER = "Other (please specify)";

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

class Bench {
  constructor(root) {
    this.note = root.querySelector(".note");
    this.codes = root.querySelector(".codes");
    this.count = root.querySelector(".count");
    this.saved = root.querySelector(".saved");
    this.field = root.querySelector(".add input");
    this.log = [];
    this.last = 0;
    this.ended = Infinity; // the entry that ends this visit: until the server has taken it, no key means anything
    this.visit = undefined;
    this.listener = (event) => this.key(event);
    document.addEventListener("keydown", this.listener);
  }

  leave() {
    document.removeEventListener("keydown", this.listener);
  }

  show(data, send) {
    this.data = data;
    this.send = send;
    this.last = Math.max(this.last, data.seen);
    this.log = this.log.filter((entry) => entry.seq > data.seen);
    const other = data.visit !== this.visit;
    this.list = [...data.codes, ...this.typed(data.visit, data.codes)];
    if (data.seen >= this.ended) this.ended = Infinity; // signed or closed, or told why not
    if (other) {
      this.visit = data.visit;
      this.note.dataset.visit = data.visit;
      this.field.value = "";
      this.mode = "";
      this.at = Math.max(0, data.codes.findIndex((code) => !code.decision));
      this.note.scrollTop = 0;
    } else {
      const place = data.codes.findIndex((code) => code.system === this.hand?.system && code.code === this.hand?.code);
      if (place >= 0) this.at = place; // a code added before it moves its place, not the coder's eye
    }
    this.at = Math.max(0, Math.min(this.at, this.list.length - 1));
    this.drawNote();
    this.draw();
  }

  // Codes typed a moment ago, which the server has not answered yet: drawn at once, so that no key waits for it.
  typed(visit, known) {
    const names = new Set(known.map((code) => code.code));
    const mine = this.log.filter((e) => e.visit === visit && e.decision === "add" && !names.has(e.code));
    return mine.map(({ system, code }) => ({
      system, code, title: " ", score: 0, rule: "added by the coder", decision: "", reason: "", counter: [],
      group: system === "ICD-10-CM" ? "Diagnoses" : "Procedures", query: null, asked: null,
    }));
  }

  // --- what is known -------------------------------------------------------------------------------------------

  // The decision on a code as the coder left it, sent and answered or not.
  decision(code) {
    const mine = this.log.filter((e) => WORDS.includes(e.decision) && this.of(e, code));
    if (!mine.length) return { decision: code.decision, reason: code.reason };
    const entry = mine[mine.length - 1];
    return entry.decision === "undo" ? { decision: "", reason: "" } : entry;
  }

  of(entry, code) {
    return entry.visit === this.visit && entry.system === code.system && entry.code === code.code;
  }

  // The query that stands on a code: as the server knows it, or as it was asked or answered a moment ago.
  query(code) {
    const mine = this.log.filter((e) => !WORDS.includes(e.decision) && this.of(e, code)).pop();
    if (!mine) return code.asked;
    if (mine.decision === "withdraw") return null;
    const asked = code.asked ?? code.query;
    return { ...asked, state: mine.decision === "ask" ? "open" : "answered", answer: mine.reason };
  }

  onward() {
    const codes = this.list;
    for (let step = 1; step <= codes.length; step += 1) {
      const place = (this.at + step) % codes.length;
      if (!this.decision(codes[place]).decision) return place;
    }
    return this.at;
  }

  // --- what the coder does -------------------------------------------------------------------------------------

  decide(decision, reason = "") {
    const code = this.list[this.at];
    if (!code) return;
    this.enter(code, decision, reason);
    if (["accept", "reject"].includes(decision)) this.at = this.onward();
    this.draw();
    this.send(this.log);
  }

  // A code typed by hand: in capitals, with the point that the coder may leave out.
  add() {
    const said = this.field.value.toUpperCase().replace(/[^A-Z0-9.]/g, "");
    this.field.value = "";
    this.field.blur();
    if (said.length < 3) return;
    const system = /^\d{4}[0-9A-Z]$/.test(said) ? "CPT" : /^[A-EGHJ-MP-TV]\d{4}$/.test(said) ? "HCPCS" : "ICD-10-CM";
    const pointed = system !== "ICD-10-CM" || said.length < 4 || said.includes(".");
    const code = pointed ? said : `${said.slice(0, 3)}.${said.slice(3)}`;
    this.enter({ system, code }, "add", "");
    this.list = [...this.data.codes, ...this.typed(this.visit, this.data.codes)];
    this.draw();
    this.send(this.log);
  }

  // The signature comes in its turn after the keys before it.
  sign() {
    this.enter({ system: "", code: "" }, "sign", "");
    this.ended = this.last;
    this.draw();
    this.send(this.log);
  }

  // The visit ends without a charge, for a reason.
  close(reason) {
    this.enter({ system: "", code: "" }, "close", reason);
    this.ended = this.last;
    this.draw();
    this.send(this.log);
  }

  enter({ system, code }, decision, reason) {
    this.last += 1;
    this.log = [...this.log, { seq: this.last, visit: this.visit, system, code, decision, reason }];
    this.mode = "";
  }

  // q: the drafted query is shown, and asked by a second q; where one stands, its answer is entered.
  ask() {
    const code = this.list[this.at];
    const standing = code && this.query(code);
    if (standing?.state === "open") this.turn("answer");
    else if (this.mode === "query") this.decide("ask");
    else if (code?.query && !standing) this.turn("query");
  }

  // A digit: the reason, the answer, or why nothing is billed; without a question it rejects the code in hand.
  digit(place) {
    const code = this.list[this.at];
    if (this.mode === "close") return this.data.closings[place] && this.close(this.data.closings[place][0]);
    if (this.mode === "answer") return this.answer(this.query(code)?.options[place]);
    if (this.mode === "query" || !code || !this.data.reasons[place]) return undefined;
    return this.decide("reject", this.data.reasons[place][0]);
  }

  answer(option) {
    if (option === OTHER) document.querySelector(".st-key-query_words input")?.focus();
    else if (option) this.decide("answer", option);
  }

  undo() {
    const code = this.list[this.at];
    if (code && this.decision(code).decision) return this.decide("undo");
    const entry = [...this.made()].pop();
    if (entry === undefined) return undefined;
    this.at = entry;
    return this.decide("undo");
  }

  // The places of decided codes, the latest decided of this page last.
  made() {
    const places = this.list.map((_, place) => place).filter((p) => this.decision(this.list[p]).decision);
    const when = (place) => {
      const code = this.list[place];
      return Math.max(0, ...this.log.filter((e) => e.code === code.code).map((e) => e.seq));
    };
    return places.sort((one, other) => when(one) - when(other) || one - other);
  }

  go(place) {
    this.at = Math.max(0, Math.min(place, this.list.length - 1));
    this.mode = "";
    this.draw();
  }

  key(event) {
    const target = event.composedPath()[0];
    const editing = target instanceof HTMLElement && target.closest(EDITABLE);
    if (event.key === "Escape" && editing) target.blur();
    if (event.key === "Enter" && target === this.field) this.add();
    else if (event.key === "Enter" && editing && target.closest("[class*='st-key-sign_']")) setTimeout(() => target.blur());
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !this.data) return;
    if (target instanceof Element && target.closest(EDITABLE)) return;
    const acts = {
      a: () => this.decide("accept"),
      x: () => this.turn("reject"),
      q: () => this.ask(),
      e: () => this.turn("close"),
      w: () => this.mode === "answer" && this.decide("withdraw"),
      u: () => this.undo(),
      ArrowDown: () => this.go(this.at + 1),
      ArrowUp: () => this.go(this.at - 1),
      Escape: () => this.turn(""),
      s: () => this.sign(),
      m: () => document.querySelector("input[aria-label^='Modifiers of']")?.focus(),
      "/": () => this.field.focus(),
    };
    const act = /^[1-9]$/.test(event.key) ? () => this.digit(Number(event.key) - 1) : acts[event.key];
    if (!act || this.ended < Infinity || (!this.list.length && this.mode !== "close" && !["/", "e", "m", "s"].includes(event.key))) return;
    event.preventDefault();
    if (!event.repeat || event.key.startsWith("Arrow")) act();
  }

  turn(mode) {
    this.mode = mode;
    this.draw();
  }

  // --- how it is drawn -----------------------------------------------------------------------------------------

  drawNote() {
    const drawn = JSON.stringify([this.visit, this.data.pieces]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.note.replaceChildren(
      ...this.data.pieces.map((piece) => {
        if (!piece.codes.length && !piece.against.length) return document.createTextNode(piece.text);
        const mark = make("mark", "", piece.text);
        const first = piece.codes.length ? piece.codes[0] : piece.against[0][0];
        mark.addEventListener("click", () => this.go(first));
        mark.piece = piece;
        return mark;
      }),
    );
  }

  draw() {
    const codes = this.list;
    this.hand = codes[this.at];
    const decided = codes.filter((code) => this.decision(code).decision).length;
    this.count.textContent = codes.length ? `${decided} of ${codes.length} decided` : "none suggested";
    this.saved.textContent = this.ended < Infinity ? "ending the visit" : this.log.length ? "saving" : "saved";
    this.codes.classList.toggle("ended", this.ended < Infinity);
    this.codes.replaceChildren(...this.ending(), ...codes.flatMap((code, place) => this.row(code, place)));
    this.mark();
    this.codes.querySelector(".ending, .now")?.scrollIntoView({ block: "nearest" });
  }

  mark() {
    let first;
    for (const mark of this.note.querySelectorAll("mark")) {
      const { codes, against } = mark.piece;
      const now = codes.includes(this.at);
      const contra = against.find(([place]) => place === this.at);
      const rejected = codes.length && codes.every((p) => this.decision(this.list[p]).decision === "reject");
      mark.className = [now && "now", contra && "against", rejected && "rejected", codes.length && "other"]
        .filter(Boolean)
        .join(" ");
      const named = codes.map((place) => this.list[place].code);
      mark.title = contra ? contra[1] : named.join(", ");
      if (now && !first) first = mark;
    }
    if (!first) return;
    const box = this.note.getBoundingClientRect();
    const own = first.getBoundingClientRect();
    if (own.top < box.top || own.bottom > box.bottom) this.note.scrollTop += own.top - box.top - box.height / 3;
  }

  row(code, place) {
    const { decision, reason } = this.decision(code);
    const row = make("li", `${decision || "open"}${place === this.at ? " now" : ""}`);
    row.dataset.code = code.code;
    row.dataset.decision = decision;
    const line = make("div", "line");
    const words = this.data.reasons.find(([name]) => name === reason);
    const state = STATES[decision] ?? decision;
    const query = this.query(code);
    const asked = { open: "asked", answered: `answered: ${query?.answer}` }[query?.state];
    line.append(
      make("b", "", code.code),
      make("span", "title", code.title || "(no title loaded)"),
      make("span", asked ? "state asked" : "state", asked ?? (words ? `${state}: ${words[1]}` : state)),
    );
    row.append(line);
    row.addEventListener("click", () => place !== this.at && this.go(place));
    if (place === this.at) row.append(...this.detail(code, decision));
    const headed = place === 0 || this.list[place - 1].group !== code.group;
    return headed ? [make("li", "head", code.group), row] : [row];
  }

  detail(code, decision) {
    const parts = [make("p", "why", code.score ? `${code.rule} Score ${(code.score / 10).toFixed(0)} of 100.` : code.rule)];
    for (const against of code.counter) parts.push(make("p", "contra", `Against it: ${against}`));
    const query = this.query(code);
    if (this.mode === "query") return [...parts, ...this.asking(code.query)];
    if (this.mode === "answer" && query) return [...parts, ...this.answering(query)];
    const keys = make("div", "keys");
    if (this.mode === "reject") keys.append(make("span", "ask", "Why is it rejected?"));
    else {
      keys.append(button("a", "accept", () => this.decide("accept"), "accept"));
      if (decision) keys.append(button("u", "undo", () => this.undo()));
      if (query?.state === "open") keys.append(button("q", "enter the answer", () => this.ask()));
      else if (code.query && !query) keys.append(button("q", "ask the author", () => this.ask()));
      keys.append(make("span", "as", "reject:"));
    }
    this.data.reasons.forEach(([name, words], number) => {
      keys.append(button(String(number + 1), words, () => this.decide("reject", name), "reason"));
    });
    if (this.mode === "reject") keys.append(button("Esc", "keep it", () => this.turn("")));
    return [...parts, keys];
  }

  // What the author would read, before it is asked: places of the note, the question, the options.
  asking(query) {
    const keys = make("div", "keys");
    keys.append(button("q", "ask this", () => this.ask(), "accept"), button("Esc", "do not ask", () => this.turn("")));
    const shown = query.quotes.map((quote) => make("p", "quote", `"${quote}"`));
    const options = query.options.map((option) => make("p", "option", option));
    return [make("p", "ask", query.question), ...shown, ...options, keys];
  }

  answering(query) {
    const keys = make("div", "keys");
    query.options.forEach((option, place) => {
      keys.append(button(String(place + 1), option, () => this.answer(option)));
    });
    keys.append(button("w", "withdraw the query", () => this.decide("withdraw")), button("Esc", "later", () => this.turn("")));
    return [make("p", "ask", `What did the author answer? ${query.question}`), keys];
  }

  ending() {
    if (this.mode !== "close") return [];
    const row = make("li", "ending");
    const keys = make("div", "keys");
    this.data.closings.forEach(([name, words], place) => {
      keys.append(button(String(place + 1), words, () => this.close(name)));
    });
    keys.append(button("Esc", "go on coding", () => this.turn("")));
    row.append(make("p", "ask", "Why is nothing billed for this visit?"), keys);
    return [row];
  }
}

function button(key, words, act, name) {
  const made = make("button", name);
  made.append(make("kbd", "", key), document.createTextNode(words));
  made.addEventListener("click", (event) => {
    event.stopPropagation();
    act();
  });
  return made;
}

export default function ({ data, parentElement, setStateValue }) {
  parentElement.bench ??= new Bench(parentElement);
  const { bench } = parentElement;
  bench.show(data, (log) => setStateValue("log", log));
  return () => {
    bench.leave();
    delete parentElement.bench;
  };
}
