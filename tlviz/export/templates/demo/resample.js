// How Pillow makes a picture smaller or larger, to the bit: two passes, weights of 22 bits, 8-bit values in between.
// A picture is {width, height, data}: three bytes a pixel, row by row.

const PRECISION = 22;
const HALF = 2 ** (PRECISION - 1);

const sinc = x => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));
const cubic = x => {
  const a = -0.5;
  x = Math.abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
};
const hamming = x => {
  x = Math.abs(x);
  if (x === 0) return 1;
  if (x >= 1) return 0;
  x *= Math.PI;
  return (Math.sin(x) / x) * (0.54 + 0.46 * Math.cos(x));
};

// How far each filter reaches, and what a pixel at a distance weighs.
const FILTERS = {
  box: [0.5, x => (x > -0.5 && x <= 0.5 ? 1 : 0)],
  bilinear: [1, x => Math.max(0, 1 - Math.abs(x))],
  hamming: [1, hamming],
  bicubic: [2, cubic],
  lanczos: [3, x => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0)],
};

/** Return for each pixel to be made where its sources begin, and their weights. */
function weigh(size, from, to, wanted, [reach, weight]) {
  const scale = Math.fround(to - from) / wanted;
  const spread = Math.max(1, scale);
  const support = reach * spread;
  return Array.from({ length: wanted }, (_, at) => {
    const centre = from + (at + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const last = Math.min(size, Math.trunc(centre + support + 0.5));
    const shares = [];
    let sum = 0;
    for (let x = first; x < last; x++) {
      const share = weight((x - centre + 0.5) * (1 / spread));
      shares.push(share);
      sum += share;
    }
    const whole = shares.map(share => {
      const wide = (sum === 0 ? share : share / sum) * 2 ** PRECISION;
      return Math.trunc(wide < 0 ? wide - 0.5 : wide + 0.5);
    });
    return { first, weights: Int32Array.from(whole) };
  });
}

const clipped = sum => (sum < 0 ? 0 : Math.min(255, sum >> PRECISION));

/** Make the rows from `top` to `bottom` as wide as there are weights. */
function acrossRows(picture, weights, top, bottom) {
  const made = { width: weights.length, height: bottom - top, data: new Uint8Array(weights.length * (bottom - top) * 3) };
  let to = 0;
  for (let y = top; y < bottom; y++) {
    const row = y * picture.width * 3;
    for (const { first, weights: held } of weights) {
      let red = HALF, green = HALF, blue = HALF;
      for (let at = 0, from = row + first * 3; at < held.length; at++, from += 3) {
        const weight = held[at];
        red += picture.data[from] * weight;
        green += picture.data[from + 1] * weight;
        blue += picture.data[from + 2] * weight;
      }
      made.data[to++] = clipped(red);
      made.data[to++] = clipped(green);
      made.data[to++] = clipped(blue);
    }
  }
  return made;
}

/** Make a picture, whose first row is number `top`, as high as there are weights. */
function downColumns(picture, weights, top) {
  const row = picture.width * 3;
  const made = { width: picture.width, height: weights.length, data: new Uint8Array(row * weights.length) };
  const sums = new Float64Array(row);
  weights.forEach(({ first, weights: held }, y) => {
    sums.fill(HALF);
    held.forEach((weight, at) => {
      const from = (first - top + at) * row;
      for (let x = 0; x < row; x++) sums[x] += picture.data[from + x] * weight;
    });
    for (let x = 0; x < row; x++) made.data[y * row + x] = clipped(sums[x]);
  });
  return made;
}

/** Take the nearest pixel, adding up steps as Pillow does. */
function nearest(picture, width, height, [left, top, right, bottom]) {
  const places = (from, to, count, size) => {
    const step = Math.fround(to - from) / count;
    let at = from + step * 0.5;
    return Array.from({ length: count }, () => {
      const place = at < 0 ? -1 : Math.trunc(at);
      at += step;
      return place < size ? place : -1;
    });
  };
  const columns = places(left, right, width, picture.width);
  const made = { width, height, data: new Uint8Array(width * height * 3) };
  places(top, bottom, height, picture.height).forEach((y, row) => {
    if (y < 0) return;
    columns.forEach((x, column) => {
      if (x < 0) return;
      const from = (y * picture.width + x) * 3;
      made.data.set(picture.data.subarray(from, from + 3), (row * width + column) * 3);
    });
  });
  return made;
}

/** Resize the part `box` (left, top, right, bottom) of a picture; `isTallFirst` tells how Pillow 13 and later do it. */
function resize(picture, width, height, filter, isTallFirst, box = [0, 0, picture.width, picture.height]) {
  box = box.map(Math.fround);
  const isWhole = box[0] === 0 && box[1] === 0 && box[2] === picture.width && box[3] === picture.height;
  if (isWhole && width === picture.width && height === picture.height) return picture;
  if (filter === "nearest") return nearest(picture, width, height, box);
  const across = weigh(picture.width, box[0], box[2], width, FILTERS[filter]);
  const down = weigh(picture.height, box[1], box[3], height, FILTERS[filter]);
  const isAcross = width !== picture.width || box[0] !== 0 || box[2] !== width;
  const isDown = height !== picture.height || box[1] !== 0 || box[3] !== height;
  const lost = picture.height - height;
  if (isTallFirst && lost > 0 && lost > (picture.width - width) * 2) {
    const made = isDown ? downColumns(picture, down, 0) : picture;
    return isAcross ? acrossRows(made, across, 0, height) : made;
  }
  const top = down[0].first;
  const last = down[height - 1];
  const made = isAcross ? acrossRows(picture, across, top, last.first + last.weights.length) : picture;
  return isDown ? downColumns(made, down, isAcross ? top : 0) : made;
}

/** Round halves to the even number, as Python does. */
function roundEven(value) {
  const low = Math.floor(value);
  const rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
}

/** Make a picture square as the network was taught to see it: padded with white, or its middle. */
function toSquare(picture, { size, fit, interpolation, crop_fraction: share, tall_first: isTallFirst }) {
  const { width, height } = picture;
  if (fit === "crop") {
    const side = Math.min(width, height) * share;
    const left = (width - side) / 2;
    const top = (height - side) / 2;
    return resize(picture, size, size, interpolation, isTallFirst, [left, top, left + side, top + side]);
  }
  const scale = size / Math.max(width, height);
  const [across, down] = [width, height].map(side => Math.max(1, Math.min(size, roundEven(side * scale))));
  const inner = resize(picture, across, down, interpolation, isTallFirst);
  const square = { width: size, height: size, data: new Uint8Array(size * size * 3).fill(255) };
  const left = Math.floor((size - across) / 2);
  const top = Math.floor((size - down) / 2);
  for (let y = 0; y < down; y++) {
    const row = inner.data.subarray(y * across * 3, (y + 1) * across * 3);
    square.data.set(row, ((top + y) * size + left) * 3);
  }
  return square;
}
