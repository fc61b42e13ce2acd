// The map of images in the browser: small pictures framed in their classes' colours, each with its class's shape; larger
// on hover, the name to Python on a click.

const SVG = "http://www.w3.org/2000/svg";
const ENLARGE = 2.6; // the hovered picture against the sheet's
const MOST_IN_LEGEND = 24;
const MOST_LETTERS = 240; // in the legend's names together: two lines
const COVERED = 12000; // square units that all pictures together would cover
const SMALLEST = 6;
const LARGEST = 12; // the side of a picture in units
const SHAPES = [
  "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z",
  "M-4 -4h8v8h-8z",
  "M0 -5.4L5 4H-5z",
  "M0 -5.6L5 0L0 5.6L-5 0z",
];

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".map");
  const drawn = [data.names.length, data.names[0], data.names.at(-1), data.sheet.length].join();
  if (root.dataset.drawn === drawn) {
    root.querySelectorAll(".mark").forEach((mark, at) => move(mark, data.places[at]));
    return;
  }
  root.dataset.drawn = drawn;
  root.replaceChildren();
  const svg = root.appendChild(document.createElementNS(SVG, "svg"));
  svg.setAttribute("viewBox", "-110 -82 220 150");
  svg.setAttribute("role", "group");
  svg.setAttribute(
    "aria-label",
    `Map of ${data.names.length} images in ${data.classes.length} classes; arrow keys walk from image to image`,
  );
  const tip = root.appendChild(document.createElement("div"));
  tip.className = "tip";
  const side = Math.max(SMALLEST, Math.min(LARGEST, Math.sqrt(COVERED / data.names.length)));
  defineSheet(svg, data);
  const marks = data.places.map((place, at) => {
    const mark = picture(svg, data, at, side);
    move(mark, place);
    mark.setAttribute("class", "mark");
    mark.setAttribute("role", data.clickable ? "button" : "img");
    mark.setAttribute("tabindex", at === 0 ? "0" : "-1");
    mark.setAttribute("aria-label", `${data.classes[data.labels[at]]}: ${data.names[at]}`);
    mark.onmouseenter = mark.onfocus = () => {
      show(root, tip, data, at, mark);
      if (isCrowded(data.classes)) single(marks, data, data.labels[at]);
    };
    mark.onmouseleave = mark.onblur = () => {
      tip.style.display = "none";
      single(marks, data, null);
    };
    mark.onclick = () => data.clickable && setTriggerValue("picked", data.names[at]);
    mark.onkeydown = (event) => onKey(event, marks, at);
    return mark;
  });
  legend(root, data, marks);
}

// The same pictures at other places glide there (image_map.css).
function move(mark, [x, y]) {
  mark.style.transform = `translate(${x * 100}px, ${-y * 60}px)`;
}

// One tab stop for all marks; arrow keys walk among them, Enter and Space open the picture.
function onKey(event, marks, at) {
  const last = marks.length - 1;
  const steps = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last };
  const isChoice = event.key === "Enter" || event.key === " ";
  if (!isChoice && steps[event.key] === undefined) return;
  event.preventDefault();
  if (isChoice) {
    marks[at].onclick();
    return;
  }
  const next = marks[Math.max(0, Math.min(last, steps[event.key]))];
  marks[at].setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
}

function add(parent, tag, attributes) {
  const element = parent.appendChild(document.createElementNS(SVG, tag));
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
  return element;
}

// The sheet is decoded once; each picture is a window on it.
function defineSheet(svg, data) {
  const rows = Math.ceil(data.names.length / data.columns);
  const size = { width: data.columns * data.side, height: rows * data.side };
  add(add(svg, "defs", {}), "image", { id: "sheet", href: data.sheet, preserveAspectRatio: "none", ...size });
}

function picture(svg, data, at, side) {
  const mark = add(svg, "g", {});
  const box = { x: -side / 2, y: -side / 2, width: side, height: side };
  const [left, top] = [(at % data.columns) * data.side, Math.floor(at / data.columns) * data.side];
  const seen = add(mark, "svg", { ...box, viewBox: `${left} ${top} ${data.side} ${data.side}` });
  add(seen, "use", { href: "#sheet" });
  add(mark, "rect", { ...box, class: "frame", stroke: data.colours[data.labels[at]] });
  const sign = shape(mark, data, data.labels[at]);
  sign.setAttribute("class", "sign");
  sign.setAttribute("transform", `translate(${-side / 2} ${-side / 2}) scale(0.28)`);
  return mark;
}

function shape(svg, data, label) {
  const mark = svg.appendChild(document.createElementNS(SVG, "path"));
  mark.setAttribute("d", SHAPES[label % SHAPES.length]);
  mark.setAttribute("fill", data.colours[label]);
  return mark;
}

function show(root, tip, data, at, mark) {
  const large = document.createElement("div");
  large.className = "picture";
  const side = data.side * ENLARGE;
  const rows = Math.ceil(data.names.length / data.columns);
  large.style.cssText =
    `width:${side}px;height:${side}px;background-image:url(${data.sheet});` +
    `background-size:${data.columns * side}px ${rows * side}px;` +
    `background-position:-${(at % data.columns) * side}px -${Math.floor(at / data.columns) * side}px`;
  const words = document.createElement("div");
  words.textContent = `${data.classes[data.labels[at]]} · ${data.names[at].split("/").pop()}`;
  tip.replaceChildren(large, words);
  tip.style.display = "block";
  const place = mark.getBoundingClientRect();
  const frame = root.getBoundingClientRect();
  const left = place.left - frame.left;
  const top = place.top - frame.top;
  tip.style.left = `${Math.min(left + 14, frame.width - tip.offsetWidth - 4)}px`;
  tip.style.top = `${Math.max(4, Math.min(top - 40, frame.height - tip.offsetHeight - 4))}px`;
}

function legend(root, data, marks) {
  const list = root.appendChild(document.createElement("div"));
  list.className = "legend";
  if (isCrowded(data.classes)) {
    list.textContent = `${data.classes.length} classes: point at a picture to see its class alone`;
    return;
  }
  data.classes.forEach((name, label) => {
    const entry = list.appendChild(document.createElement("span"));
    const icon = entry.appendChild(document.createElementNS(SVG, "svg"));
    icon.setAttribute("viewBox", "-6 -6 12 12");
    shape(icon, data, label);
    entry.append(name);
    entry.onmouseenter = () => single(marks, data, label);
    entry.onmouseleave = () => single(marks, data, null);
  });
}

// A list of so many names would lie over the pictures.
function isCrowded(classes) {
  return classes.length > MOST_IN_LEGEND || classes.join("").length > MOST_LETTERS;
}

// Fade every class but one; none where it is null.
function single(marks, data, label) {
  marks.forEach((mark, at) => mark.classList.toggle("faded", label !== null && data.labels[at] !== label));
}
