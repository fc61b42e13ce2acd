// A card for every picture: what the network saw, and its five best answers.

const TOP = 5;

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function percent(share) {
  if (share > 0 && share < 0.001) return "< 0.1%";
  if (share < 1 && share > 0.999) return "> 99.9%";
  return `${(share * 100).toFixed(1)}%`;
}

/** Return the numbers of the best classes, best first; of equal ones the first. */
function best(shares) {
  return shares.map((_, at) => at).sort((one, other) => shares[other] - shares[one] || one - other).slice(0, TOP);
}

class Card {
  constructor(name) {
    this.name = name;
    this.body = make("div", { className: "body" }, make("p", { className: "aid", textContent: "waiting …" }));
    this.element = make("article", {}, make("h2", { textContent: name, dir: "auto" }), this.body);
  }

  refuse(sentence) {
    this.element.classList.add("refused");
    this.body.replaceChildren(make("p", { textContent: sentence }));
  }

  show(square, shares, labels, notes) {
    const canvas = make("canvas", { width: square.width, height: square.height });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${this.name} as the network sees it`);
    draw(canvas, square);
    const list = make("ol", {}, ...best(shares).map(at => line(labels[at], shares[at])));
    this.body.replaceChildren(canvas, list);
    if (notes.length) this.element.append(make("p", { className: "aid", textContent: `${notes.join("; ")}.` }));
  }
}

function line(label, share) {
  const fill = make("span");
  fill.style.width = `${share * 100}%`;
  const bar = make("span", { className: "bar" }, fill);
  bar.setAttribute("aria-hidden", "true");
  const value = make("data", { value: String(share), textContent: percent(share) });
  return make("li", {}, make("span", { className: "label", textContent: label, dir: "auto" }), value, bar);
}

function draw(canvas, { width, height, data }) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let at = 0, to = 0; at < data.length; at += 3) {
    image.data[to++] = data[at];
    image.data[to++] = data[at + 1];
    image.data[to++] = data[at + 2];
    image.data[to++] = 255;
  }
  context.putImageData(image, 0, 0);
}
