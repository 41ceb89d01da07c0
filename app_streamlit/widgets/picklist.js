// A dense table in which one row is chosen, by a click or a key. Every cell is set as text, never as markup.

const EDITABLE = "input, textarea, select, [contenteditable='true'], [role='textbox'], [role='combobox']";

class Picklist {
  constructor(root) {
    this.table = root.querySelector("table");
    this.listener = (event) => this.key(event);
    document.addEventListener("keydown", this.listener);
  }

  leave() {
    document.removeEventListener("keydown", this.listener);
  }

  show(data, pick) {
    this.data = data;
    this.pick = pick;
    this.table.parentElement.style.maxHeight = data.height;
    const head = document.createElement("tr");
    head.append(...data.columns.map(([label, tone]) => this.cell("th", label, tone)));
    this.head = data.columns.some(([label]) => label) ? [head] : [];
    this.draw(data.chosen);
  }

  draw(chosen) {
    this.chosen = chosen;
    const rows = this.data.rows.map(({ id, cells }) => {
      const row = document.createElement("tr");
      row.dataset.id = id;
      if (this.data.keys[0]) row.setAttribute("aria-selected", String(id === chosen));
      row.append(...cells.map(([text, tone], place) => this.cell("td", text, `${this.data.columns[place][1]} ${tone}`)));
      if (this.data.keys[0]) row.addEventListener("click", () => this.choose(id));
      return row;
    });
    this.table.replaceChildren(...this.head, ...rows);
    this.table.querySelector("[aria-selected='true']")?.scrollIntoView({ block: "nearest" });
  }

  cell(tag, text, tone) {
    const cell = document.createElement(tag);
    cell.textContent = text;
    cell.className = tone;
    if (tone.includes("long")) cell.title = text;
    return cell;
  }

  choose(id) {
    if (id === undefined || id === this.chosen) return;
    this.draw(id);
    this.pick(id);
  }

  key(event) {
    const target = event.composedPath()[0];
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !this.data) return;
    if (target instanceof Element && target.closest(EDITABLE)) return;
    const step = { [this.data.keys[0]]: 1, [this.data.keys[1]]: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const place = this.data.rows.findIndex((row) => row.id === this.chosen);
    this.choose(this.data.rows[place + step]?.id);
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  parentElement.picklist ??= new Picklist(parentElement);
  const { picklist } = parentElement;
  picklist.show(data, (id) => setTriggerValue("picked", id));
  return () => {
    picklist.leave();
    delete parentElement.picklist;
  };
}
