// Sprites in the browser: crisp tiles in rows and panes, words on hover, the clicked tile to Python.

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".tiles");
  root.style.gridTemplateColumns = `${data.titled ? "84px " : ""}repeat(${data.headings.length}, minmax(0, 1fr))`;
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
  root.replaceChildren(...parts);
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
    frame?.remove();
    tip.remove();
    if (tile === null) return;
    frame = mark(box, "mark hovered", pane, rows, tile);
    tip.textContent = hint(pane, tile);
    box.append(tip);
    const place = box.getBoundingClientRect();
    const left = Math.min(event.clientX - place.left + 14, place.width - tip.offsetWidth - 2);
    tip.style.left = `${Math.max(0, left)}px`;
    tip.style.top = `${event.clientY - place.top + 18}px`;
  };
  box.onpointerleave = () => {
    frame?.remove();
    tip.remove();
  };
  if (clickable) {
    box.onclick = (event) => {
      const tile = tileAt(event);
      if (tile !== null) report(tile);
    };
  }
  return box;
}

function mark(box, name, pane, rows, tile) {
  const made = box.appendChild(element("span", name));
  made.style.left = `${((tile % pane.columns) / pane.columns) * 100}%`;
  made.style.top = `${(Math.floor(tile / pane.columns) / rows) * 100}%`;
  made.style.width = `${100 / pane.columns}%`;
  made.style.height = `${100 / rows}%`;
  return made;
}

// A map's positions are told by their number and value, tiles by their own words.
function hint(pane, tile) {
  if (pane.hints) return pane.hints[tile];
  const [x, y] = [tile % pane.columns, Math.floor(tile / pane.columns)];
  return `x ${x}, y ${y}: ${pane.values[tile]}`;
}
