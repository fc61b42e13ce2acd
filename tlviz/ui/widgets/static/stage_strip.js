// The stage strip in the browser.  Streamlit calls the default export at every run with the newest data; a Strip keeps
// the page's elements between calls, so that focus, a running drag and a pointer's hover survive a run.

const GAP_PX = 4; // the same as --gap in the style sheet
const SETTLE_MS = 250; // arrow keys in quick succession are one change
const SVG = "http://www.w3.org/2000/svg";
const LOCK = "M6 9V6.5a4 4 0 0 1 8 0V9h1v8H5V9zm2 0h4V6.5a2 2 0 0 0-4 0z";

const strips = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".strip");
  if (!strips.has(root)) strips.set(root, new Strip(root));
  const strip = strips.get(root);
  strip.update(data, setTriggerValue);
  return () => {
    strip.close();
    strips.delete(root);
  };
}

// A value that Python owns and a person changes: shown at once, undone where Python's answer differs, but not by the
// answer to an older change.
class Shared {
  value = null;
  sent = [];

  change(value) {
    this.value = value;
    this.sent.push(value);
  }

  receive(value) {
    this.sent = this.sent.slice(this.sent.lastIndexOf(value) + 1 || this.sent.length);
    if (this.sent.length === 0) this.value = value;
  }
}

class Strip {
  stage = new Shared();
  freeze = new Shared();
  moving = null; // the depth under a drag or between key presses, not yet sent
  shape = "";

  constructor(root) {
    this.root = root;
    this.resizes = new ResizeObserver(() => this.fit());
    this.resizes.observe(root);
    document.fonts.ready.then(() => this.fit());
  }

  update(data, send) {
    this.send = send;
    this.data = data;
    this.stage.receive(data.selected);
    this.freeze.receive(data.freeze);
    const { selected, freeze, frozen, answers, ...rest } = data;
    const shape = JSON.stringify([rest, freeze === null]);
    if (shape !== this.shape) this.build();
    this.shape = shape;
    this.draw();
  }

  close() {
    clearTimeout(this.settling);
    this.resizes.disconnect();
  }

  get depth() {
    return this.moving ?? this.freeze.value;
  }

  build() {
    const { stages, selectable, settable, freeze, lane, small } = this.data;
    this.moving = null;
    clearTimeout(this.settling);
    this.tip = make("div", "tip", { popover: "manual", "aria-hidden": "true" });
    this.row = make("div", "row", { role: "group", "aria-label": "Stages of the network" });
    this.row.style.gridTemplateColumns = stages.map(({ width }) => `minmax(0, ${width * 100}fr)`).join(" ");
    this.columns = stages.map((stage, at) => this.buildColumn(stage, at));
    this.row.append(...this.columns.map(({ column }) => column));
    this.row.onkeydown = (event) => this.walk(event);
    const track = make("div", "track");
    track.style.setProperty("--gaps", stages.length - 1);
    this.placeDepths();
    this.dots = [];
    if (lane) track.append(this.buildLane());
    track.append(this.row);
    if (settable) this.buildRail(track);
    const kinds = { selectable, settable, small, laned: Boolean(lane) };
    this.root.className = ["strip", ...Object.keys(kinds).filter((kind) => kinds[kind])].join(" ");
    this.root.replaceChildren(track, ...(freeze === null ? [] : [this.buildLegend()]), this.tip);
    this.fit();
  }

  placeDepths() {
    let before = 0;
    this.places = this.data.stages.map((stage, at) => {
      const place = { "--before": before, "--at": at };
      before += stage.width;
      return place;
    });
  }

  buildColumn(stage, at) {
    const { selectable, settable } = this.data;
    const column = make("div", "column");
    const slab = make("div", "slab");
    const block = make(selectable ? "button" : "div", "block", selectable ? { type: "button" } : { role: "img" });
    block.dataset.stage = stage.name;
    block.style.setProperty("--colour", stage.colour);
    block.style.height = `${stage.height * 100}%`;
    block.append(lock());
    block.onpointerenter = block.onfocus = () => this.showTip(at);
    block.onpointerleave = block.onblur = () => this.hideTip();
    if (selectable) block.onclick = () => this.select(stage.name);
    else if (settable) slab.onclick = (event) => this.place(this.nearestDepth(event.clientX));
    slab.append(block);
    const name = make("div", "name");
    const text = make("span", "", {}, stage.name);
    name.append(text);
    column.append(slab, name);
    return { column, block, name, text };
  }

  // Gaps and handle lie over the row, placed by shares of its width, so that they follow any width without a script.
  buildRail(track) {
    const rail = make("div", "rail");
    const last = this.data.stages.length - 1;
    this.gaps = this.places.map((place, at) => {
      const gap = make("div", "gap", { "data-freeze": at });
      Object.entries(place).forEach(([name, value]) => gap.style.setProperty(name, value));
      gap.onclick = () => this.place(at);
      return gap;
    });
    this.handle = make("div", "handle", {
      role: "slider", tabindex: 0, "aria-label": "Freeze depth", "aria-valuemin": 0, "aria-valuemax": last,
      "aria-orientation": "horizontal",
    });
    this.handle.append(make("div", "knob"));
    this.handle.onkeydown = (event) => this.step(event);
    this.handle.onblur = () => this.commit();
    this.handle.onpointerdown = (event) => this.drag(event);
    rail.append(...this.gaps, this.handle);
    track.append(rail);
  }

  // What is known of each depth, over the gap that stands for it; a reader hears it with the handle instead.
  buildLane() {
    const { low, high, probes, runs } = this.data.lane;
    const lane = make("div", "lane", { "aria-hidden": "true" });
    const svg = document.createElementNS(SVG, "svg");
    this.line = document.createElementNS(SVG, "polyline");
    svg.append(this.line);
    const mark = (kind) => ({ depth, height, words }) => {
      const made = make("div", kind, { title: words, "data-depth": depth });
      const colour = this.data.stages[Math.max(0, depth - 1)].colour;
      const place = { ...this.places[depth], "--height": height, "--colour": colour };
      Object.entries(place).forEach(([name, value]) => made.style.setProperty(name, value));
      return made;
    };
    this.dots = probes.map(mark("probe"));
    lane.append(svg, make("span", "high", {}, high), make("span", "low", {}, low), ...runs.map(mark("ghost")), ...this.dots);
    return lane;
  }

  buildLegend() {
    const { lane, notes } = this.data;
    const legend = make("div", "legend");
    const meant = (kind, words) => [make("span", kind), make("span", "", {}, words)];
    this.words = make("span", "depth", { "aria-hidden": "true" });
    this.note = make("div", "note", { "aria-hidden": "true" });
    legend.append(
      ...meant("swatch frozen", "hatched = frozen,"), ...meant("swatch", "solid = trained"),
      ...(lane?.probes.length ? meant("key probe", "probe measured here,") : []),
      ...(lane?.runs.length ? meant("key ghost", "earlier run") : []),
      this.words, ...(notes.length ? [this.note] : []),
    );
    return legend;
  }

  draw() {
    const depth = this.depth ?? 0;
    const names = this.data.stages.map(({ name }) => name);
    const focusable = Math.max(0, names.indexOf(this.stage.value));
    this.columns.forEach(({ column, block }, at) => {
      const stage = this.data.stages[at];
      const chosen = stage.name === this.stage.value;
      column.classList.toggle("frozen", this.isFrozen(at));
      column.classList.toggle("selected", chosen);
      block.setAttribute("aria-label", `${stage.name}: ${[...stage.facts, ...this.fate(at)].join(", ")}`);
      if (this.data.selectable) block.setAttribute("aria-pressed", String(chosen));
      block.tabIndex = at === (this.walked ?? focusable) ? 0 : -1;
    });
    if (this.depth === null) return;
    const count = (this.named ?? []).filter(Boolean).length;
    const words = this.named ? `${count} of ${names.length} stages frozen, chosen by name` : this.data.depths[depth];
    this.words.textContent = words;
    const note = this.named ? "" : (this.data.notes[depth] ?? "");
    this.note.textContent = note;
    if (!this.data.settable) return;
    Object.entries(this.places[depth]).forEach(([name, value]) => this.handle.style.setProperty(name, value));
    this.handle.setAttribute("aria-valuenow", depth);
    this.handle.setAttribute("aria-valuetext", [words, note].filter(Boolean).join(", "));
  }

  fate(at) {
    if (this.depth === null) return [];
    return [this.isFrozen(at) ? "frozen" : "trained"];
  }

  isFrozen(at) {
    return this.named ? this.named[at] : at < (this.depth ?? 0);
  }

  // Of each stage whether it is in the set chosen by name, which is shown until the handle moves.
  get named() {
    return this.moving === null && this.freeze.sent.length === 0 ? this.data.frozen : null;
  }

  select(name) {
    this.stage.change(name);
    this.draw();
    this.send("stage", name);
  }

  move(depth) {
    this.moving = Math.max(0, Math.min(this.data.stages.length - 1, depth));
    this.draw();
  }

  commit() {
    clearTimeout(this.settling);
    const depth = this.moving;
    this.moving = null;
    if (depth === null || depth === this.freeze.value) return;
    this.freeze.change(depth);
    this.send("freeze", depth);
  }

  place(depth) {
    this.move(depth);
    this.commit();
  }

  step(event) {
    const last = this.data.stages.length - 1;
    const jump = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, Home: -last, End: last }[event.key];
    if (jump === undefined) return;
    event.preventDefault();
    this.move(this.depth + jump);
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.commit(), SETTLE_MS);
  }

  drag(start) {
    if (start.button !== 0) return;
    const handle = this.handle;
    this.hideTip();
    this.move(this.depth);
    handle.setPointerCapture(start.pointerId);
    this.root.classList.add("dragging");
    handle.onpointermove = (event) => this.move(this.nearestDepth(event.clientX));
    handle.onpointerup = () => this.commit();
    handle.onpointercancel = () => (this.moving = null);
    handle.onlostpointercapture = () => {
      handle.onpointermove = handle.onpointerup = handle.onpointercancel = handle.onlostpointercapture = null;
      this.root.classList.remove("dragging");
      this.draw();
    };
  }

  nearestDepth(x) {
    const distances = this.gaps.map((gap) => {
      const { left, width } = gap.getBoundingClientRect();
      return Math.abs(left + width / 2 - x);
    });
    return distances.indexOf(Math.min(...distances));
  }

  // One tab stop for all blocks; arrow keys walk among them.
  walk(event) {
    if (event.key === "Escape") this.hideTip();
    const from = this.columns.findIndex(({ block }) => block === event.target);
    const last = this.columns.length - 1;
    const to = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: last }[event.key];
    if (from < 0 || to === undefined) return;
    event.preventDefault();
    this.walked = Math.max(0, Math.min(last, to));
    this.draw();
    this.columns[this.walked].block.focus();
  }

  showTip(at) {
    if (this.root.classList.contains("dragging")) return;
    const stage = this.data.stages[at];
    const facts = [...stage.facts, ...this.fate(at)].map((fact) => make("span", "", {}, fact));
    this.tip.replaceChildren(make("strong", "", {}, stage.name), ...facts);
    this.tip.showPopover();
    const block = this.columns[at].block.getBoundingClientRect();
    const { width, height } = this.tip.getBoundingClientRect();
    const left = block.left + block.width / 2 - width / 2;
    this.tip.style.left = `${Math.max(8, Math.min(left, document.documentElement.clientWidth - width - 8))}px`;
    this.tip.style.top = `${block.top - height - 8 > 0 ? block.top - height - 8 : block.bottom + 8}px`;
  }

  hideTip() {
    if (this.tip.isConnected) this.tip.hidePopover();
  }

  fit() {
    this.fitNames();
    const points = (this.dots ?? []).map((dot) => `${dot.offsetLeft},${dot.offsetTop + dot.offsetHeight}`);
    if (points.length) this.line.setAttribute("points", points.join(" "));
  }

  // Names stand upright where all of them fit, else all of them slant: never shortened, never over one another.
  fitNames() {
    if (!this.columns) return;
    const crowded = this.columns.some(({ column, text }) => text.offsetWidth > column.clientWidth + GAP_PX / 2);
    const longest = Math.max(0, ...this.columns.map(({ text }) => text.offsetWidth));
    this.root.classList.toggle("slanted", crowded);
    this.root.style.setProperty("--longest", `${longest}px`);
  }
}

function make(tag, className, attributes = {}, text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  if (text) made.textContent = text;
  return made;
}

function lock() {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", LOCK);
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  return svg;
}
