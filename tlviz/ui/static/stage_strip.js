const SVG = "http://www.w3.org/2000/svg";
const LOCK = "M6 7V5a4 4 0 1 1 8 0v2h1v10H5V7zm2 0h4V5a2 2 0 1 0-4 0z";

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text) made.textContent = text;
  return made;
}

function lock() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", LOCK);
  svg.appendChild(path);
  return svg;
}

function block(stage, canSelect, select) {
  const made = element(canSelect ? "button" : "div", "block");
  made.style.setProperty("--colour", stage.colour);
  made.style.height = `${stage.height}px`;
  made.title = stage.words;
  made.dataset.stage = stage.name;
  made.setAttribute("aria-label", stage.words);
  if (!canSelect) made.setAttribute("role", "img");
  if (canSelect) {
    made.type = "button";
    made.setAttribute("aria-pressed", String(stage.selected));
    made.onclick = () => select(stage.name);
  }
  made.classList.toggle("selected", stage.selected);
  made.appendChild(lock());
  return made;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".strip");
  const hadFocus = parentElement.activeElement?.classList.contains("handle");
  const last = data.blocks.length - 1;
  let freeze = data.freeze;

  const row = element("div", "row");
  row.classList.toggle("selectable", data.canSelect);
  row.classList.toggle("settable", data.canFreeze);
  const gaps = [];
  const blocks = data.blocks.map((stage, at) => {
    const gap = element("div", "gap");
    gap.dataset.freeze = at;
    gaps.push(gap);
    const column = element("div", "stage");
    column.style.flex = `${stage.width} 1 0`;
    const made = block(stage, data.canSelect, (name) => setTriggerValue("stage", name));
    const name = element("div", "name", stage.name);
    name.title = stage.name;
    column.append(made, name);
    row.append(gap, column);
    return made;
  });

  const handle = element("div", "handle");
  const describe = () =>
    freeze === 0 ? "no stage frozen" : `${freeze} of ${last + 1} stages frozen, up to ${data.blocks[freeze - 1].name}`;

  function draw() {
    blocks.forEach((made, at) => made.classList.toggle("frozen", freeze !== null && at < freeze));
    if (!data.canFreeze) return;
    if (handle.parentElement !== gaps[freeze]) gaps[freeze].appendChild(handle);
    handle.setAttribute("aria-valuenow", freeze);
    handle.setAttribute("aria-valuetext", describe());
    handle.title = `Freeze depth: ${describe()}. Drag, or use the arrow keys.`;
  }

  function set(value) {
    const wanted = Math.max(0, Math.min(last, value));
    if (wanted === freeze) return;
    freeze = wanted;
    draw();
  }

  const send = () => freeze !== data.freeze && setTriggerValue("freeze", freeze);

  if (data.canFreeze) {
    handle.tabIndex = 0;
    handle.setAttribute("role", "slider");
    handle.setAttribute("aria-label", "Freeze depth");
    handle.setAttribute("aria-valuemin", 0);
    handle.setAttribute("aria-valuemax", last);
    handle.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, Home: -last, End: last }[event.key];
      if (!step) return;
      event.preventDefault();
      set(freeze + step);
      handle.focus();
      send();
    };
    handle.onclick = (event) => event.stopPropagation();
    handle.onpointerdown = (start) => {
      start.preventDefault();
      handle.focus();
      const nearest = (x) => {
        const distances = gaps.map((gap) => {
          const box = gap.getBoundingClientRect();
          return Math.abs(box.left + box.width / 2 - x);
        });
        return distances.indexOf(Math.min(...distances));
      };
      const move = (event) => set(nearest(event.clientX));
      const end = () => {
        window.removeEventListener("pointermove", move);
        window.removeEventListener("pointerup", end);
        window.removeEventListener("pointercancel", end);
        send();
      };
      window.addEventListener("pointermove", move);
      window.addEventListener("pointerup", end);
      window.addEventListener("pointercancel", end);
    };
    gaps.forEach((gap, at) => {
      gap.onclick = () => {
        set(at);
        send();
      };
    });
  }

  draw();
  const parts = [row];
  if (data.freeze !== null) {
    const hint = data.canFreeze ? " Drag the handle, or click between two stages." : "";
    parts.push(element("div", "legend", `Hatched with a lock = frozen, solid = trained.${hint}`));
  }
  root.replaceChildren(...parts);
  if (hadFocus && data.canFreeze) handle.focus();
}
