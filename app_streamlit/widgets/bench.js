// The coder's bench: the note with its evidence on the left, the codes on the right, one key for each decision.
//
// Every text is set as text (textContent): nothing in a note, a title or a rule is ever read as markup. A key shows its
// effect at once and is sent to the server as a numbered entry of `log`; the server says by `seen` which entries it has
// taken, and from then on its own word counts. An entry names visit and code, so a fast key never decides another code.

const EDITABLE = "input, textarea, select, [contenteditable='true'], [role='textbox'], [role='combobox']";
const STATES = { accept: "accepted", add: "added", reject: "rejected", "": "to decide" };

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
    this.log = [];
    this.last = 0;
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
    if (!other && data.codes.length > this.codeCount) document.activeElement?.blur(); // a code was added: keys again
    this.codeCount = data.codes.length;
    if (other) {
      this.visit = data.visit;
      this.rejecting = false;
      this.at = Math.max(0, data.codes.findIndex((code) => !code.decision));
      this.note.scrollTop = 0;
    } else {
      const place = data.codes.findIndex((code) => code.system === this.hand?.system && code.code === this.hand?.code);
      if (place >= 0) this.at = place; // a code added before it moves its place, not the coder's eye
    }
    this.at = Math.max(0, Math.min(this.at, data.codes.length - 1));
    this.drawNote();
    this.draw();
  }

  // --- what is known -------------------------------------------------------------------------------------------

  // The decision on a code as the coder left it, sent and answered or not.
  decision(code) {
    const mine = this.log.filter((e) => e.visit === this.visit && e.system === code.system && e.code === code.code);
    if (!mine.length) return { decision: code.decision, reason: code.reason };
    const entry = mine[mine.length - 1];
    return entry.decision === "undo" ? { decision: "", reason: "" } : entry;
  }

  onward() {
    const codes = this.data.codes;
    for (let step = 1; step <= codes.length; step += 1) {
      const place = (this.at + step) % codes.length;
      if (!this.decision(codes[place]).decision) return place;
    }
    return this.at;
  }

  // --- what the coder does -------------------------------------------------------------------------------------

  decide(decision, reason = "") {
    const code = this.data.codes[this.at];
    if (!code) return;
    this.last += 1;
    const { system, code: name } = code;
    this.log = [...this.log, { seq: this.last, visit: this.visit, system, code: name, decision, reason }];
    this.rejecting = false;
    if (decision !== "undo") this.at = this.onward();
    this.draw();
    this.send(this.log);
  }

  undo() {
    const code = this.data.codes[this.at];
    if (code && this.decision(code).decision) return this.decide("undo");
    const entry = [...this.made()].pop();
    if (entry === undefined) return undefined;
    this.at = entry;
    return this.decide("undo");
  }

  // The places of decided codes, the latest decided of this page last.
  made() {
    const places = this.data.codes.map((_, place) => place).filter((p) => this.decision(this.data.codes[p]).decision);
    const when = (place) => {
      const code = this.data.codes[place];
      return Math.max(0, ...this.log.filter((e) => e.code === code.code).map((e) => e.seq));
    };
    return places.sort((one, other) => when(one) - when(other) || one - other);
  }

  go(place) {
    this.at = Math.max(0, Math.min(place, this.data.codes.length - 1));
    this.rejecting = false;
    this.draw();
  }

  key(event) {
    const target = event.composedPath()[0];
    if (event.key === "Escape" && target instanceof HTMLElement && target.closest(EDITABLE)) target.blur();
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !this.data) return;
    if (target instanceof Element && target.closest(EDITABLE)) return;
    const reason = this.rejecting && this.data.reasons[Number(event.key) - 1];
    const acts = {
      a: () => this.decide("accept"),
      x: () => this.reject(true),
      u: () => this.undo(),
      ArrowDown: () => this.go(this.at + 1),
      ArrowUp: () => this.go(this.at - 1),
      Escape: () => this.reject(false),
      "/": () => document.querySelector(".st-key-add_code input")?.focus(),
    };
    const act = reason ? () => this.decide("reject", reason[0]) : acts[event.key];
    if (!act || (!this.data.codes.length && event.key !== "/")) return;
    event.preventDefault();
    if (!event.repeat || event.key.startsWith("Arrow")) act();
  }

  reject(on) {
    this.rejecting = on;
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
    const { codes } = this.data;
    this.hand = codes[this.at];
    const decided = codes.filter((code) => this.decision(code).decision).length;
    this.count.textContent = codes.length ? `${decided} of ${codes.length} decided` : "none suggested";
    this.saved.textContent = this.log.length ? "saving" : "saved";
    this.codes.replaceChildren(...codes.flatMap((code, place) => this.row(code, place)));
    this.mark();
    this.codes.querySelector(".now")?.scrollIntoView({ block: "nearest" });
  }

  mark() {
    let first;
    for (const mark of this.note.querySelectorAll("mark")) {
      const { codes, against } = mark.piece;
      const now = codes.includes(this.at);
      const contra = against.find(([place]) => place === this.at);
      const rejected = codes.length && codes.every((p) => this.decision(this.data.codes[p]).decision === "reject");
      mark.className = [now && "now", contra && "against", rejected && "rejected", codes.length && "other"]
        .filter(Boolean)
        .join(" ");
      const named = codes.map((place) => this.data.codes[place].code);
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
    line.append(
      make("b", "", code.code),
      make("span", "title", code.title || "(no title loaded)"),
      make("span", "state", words ? `${state}: ${words[1]}` : state),
    );
    row.append(line);
    row.addEventListener("click", () => place !== this.at && this.go(place));
    if (place === this.at) row.append(...this.detail(code, decision));
    const headed = place === 0 || this.data.codes[place - 1].group !== code.group;
    return headed ? [make("li", "head", code.group), row] : [row];
  }

  detail(code, decision) {
    const parts = [make("p", "why", code.score ? `${code.rule} Score ${(code.score / 10).toFixed(0)} of 100.` : code.rule)];
    for (const against of code.counter) parts.push(make("p", "contra", `Against it: ${against}`));
    const keys = make("div", "keys");
    const button = (key, words, act, name) => {
      const made = make("button", name);
      made.append(make("kbd", "", key), document.createTextNode(words));
      made.addEventListener("click", (event) => {
        event.stopPropagation();
        act();
      });
      return made;
    };
    if (this.rejecting) {
      keys.append(make("span", "ask", "Why is it rejected?"));
      this.data.reasons.forEach(([name, words], number) => {
        keys.append(button(String(number + 1), words, () => this.decide("reject", name)));
      });
      keys.append(button("Esc", "keep it", () => this.reject(false)));
    } else {
      keys.append(button("a", "accept", () => this.decide("accept"), "accept"));
      keys.append(button("x", "reject", () => this.reject(true), "reject"));
      if (decision) keys.append(button("u", "undo", () => this.undo()));
    }
    return [...parts, keys];
  }
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
