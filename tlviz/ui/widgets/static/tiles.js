// Sprites in the browser: crisp tiles in rows and panes, words on hover, the clicked tile to Python.
// By keyboard: one tab stop a sprite, arrow keys walk its tiles, Enter or Space is a click.

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".tiles");
  root.style.gridTemplateColumns = `${data.titled ? "110px " : ""}repeat(${data.headings.length}, minmax(0, 1fr))`;
  const parts = [];
  if (data.headings.some((words) => words)) {
    if (data.titled) parts.push(element("span", "corner"));
    parts.push(...data.headings.map((words) => element("b", "heading", words)));
  }
  data.rows.forEach((row, at) => {
    if (data.titled) {
      const title = element("div", "title");
      title.append(element("b", "", row.title), element("small", "", row.words));
      parts.push(title);
    }
    row.panes.forEach((pane, place) => {
      const report = (tile) => setTriggerValue("picked", { row: at, pane: place, tile });
      parts.push(sprite(pane, row, data.clickable, report));
    });
  });
  const sprites = () => [...root.querySelectorAll(".sprite")];
  const focused = sprites().indexOf(document.activeElement);
  root.replaceChildren(...parts);
  sprites()[focused]?.focus(); // a run that a key press started leaves the focus where it was
}

function element(kind, name, words = "") {
  const made = document.createElement(kind);
  made.className = name;
  made.textContent = words;
  return made;
}

function sprite(pane, row, clickable, report) {
  const box = element("div", clickable ? "sprite clickable" : "sprite");
  const image = box.appendChild(document.createElement("img"));
  image.src = pane.png;
  image.alt = `${row.title}: ${row.words}`;
  image.draggable = false;
  image.style.imageRendering = pane.crisp ? "pixelated" : "auto";
  const rows = Math.ceil(pane.count / pane.columns);
  if (pane.selected !== null) mark(box, "mark", pane, rows, pane.selected);
  const tip = element("div", "tip");
  let frame = null;
  let walked = pane.selected ?? 0;
  const show = (tile, left, top) => {
    hide();
    frame = mark(box, "mark hovered", pane, rows, tile);
    tip.textContent = hint(pane, tile);
    box.append(tip);
    tip.style.left = `${Math.max(0, Math.min(left + 14, box.clientWidth - tip.offsetWidth - 2))}px`;
    tip.style.top = `${top + 18}px`;
  };
  const hide = () => {
    frame?.remove();
    tip.remove();
  };
  const tileAt = (event) => {
    const place = image.getBoundingClientRect();
    const column = Math.floor(((event.clientX - place.left) / place.width) * pane.columns);
    const line = Math.floor(((event.clientY - place.top) / place.height) * rows);
    const tile = line * pane.columns + column;
    const isInside = column >= 0 && column < pane.columns && line >= 0 && tile < pane.count;
    return isInside ? tile : null;
  };
  box.onpointermove = (event) => {
    const tile = tileAt(event);
    const place = box.getBoundingClientRect();
    if (tile === null) hide();
    else show(tile, event.clientX - place.left, event.clientY - place.top);
  };
  box.onpointerleave = hide;
  if (clickable) {
    box.onclick = (event) => {
      const tile = tileAt(event);
      if (tile !== null) report(tile);
    };
    const walk = (tile) => {
      walked = tile;
      show(tile, image.clientWidth * ((tile % pane.columns) / pane.columns), frameBottom(image, pane, rows, tile));
      box.setAttribute("aria-label", `${image.alt}; ${hint(pane, tile)}`);
    };
    box.tabIndex = 0;
    box.setAttribute("role", "button");
    box.setAttribute("aria-label", `${image.alt}; ${hint(pane, walked)}`);
    box.onfocus = () => box.matches(":focus-visible") && walk(walked);
    box.onblur = hide;
    box.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: pane.columns, ArrowUp: -pane.columns }[event.key];
      if (step === undefined && event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      if (step === undefined) report(walked);
      else if (walked + step >= 0 && walked + step < pane.count) walk(walked + step);
    };
  }
  return box;
}

function frameBottom(image, pane, rows, tile) {
  return image.clientHeight * ((Math.floor(tile / pane.columns) + 1) / rows) - 12;
}

function mark(box, name, pane, rows, tile) {
  const made = box.appendChild(element("span", name));
  made.style.left = `${((tile % pane.columns) / pane.columns) * 100}%`;
  made.style.top = `${(Math.floor(tile / pane.columns) / rows) * 100}%`;
  made.style.width = `${100 / pane.columns}%`;
  made.style.height = `${100 / rows}%`;
  return made;
}

// A map's positions are named by their number and value, tiles by their own words.
function hint(pane, tile) {
  if (pane.hints) return pane.hints[tile];
  const [x, y] = [tile % pane.columns, Math.floor(tile / pane.columns)];
  return `x ${x}, y ${y}: ${pane.values[tile]}`;
}
