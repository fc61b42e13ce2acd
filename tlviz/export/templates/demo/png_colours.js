// From the values of a PNG file to RGB on white, with the roundings of Pillow and of tlviz.

/** Mix a value with white as Pillow's alpha_composite does. */
function overWhite(value, alpha) {
  if (alpha === 0) return 255;
  if (alpha === 255) return value;
  const share = Math.floor((alpha * 255 * 255 * 128) / 65025);
  const sum = value * share + 255 * (255 * 128 - share) + 128 * 128;
  return ((sum >> 8) + sum) >> 8 >> 7;
}

/** Mix a value with white as Pillow's composite does. */
function maskedWhite(value, alpha) {
  const sum = 255 * (255 - alpha) + value * alpha + 128;
  return ((sum >> 8) + sum) >> 8;
}

/** Turn values of up to 8 bits into RGB. */
function fromBytes({ width, height, bits, kind, channels }, values, { PLTE, tRNS }) {
  const data = new Uint8Array(width * height * 3);
  const scale = kind === 3 ? 1 : 255 / (2 ** bits - 1);
  const palette = Uint8Array.from({ length: 768 }, (_, at) => Math.floor(at / 3));
  if (kind === 3 && PLTE) palette.set(PLTE.subarray(0, 768));
  const clear = tRNS && kind !== 3 ? transparentValue(tRNS, bits, kind) : null;
  for (let pixel = 0, at = 0, to = 0; pixel < width * height; pixel++, at += channels) {
    const first = values[at] * scale;
    let [red, green, blue] = [first, first, first];
    let alpha = 255;
    if (kind === 3) {
      [red, green, blue] = [palette[first * 3], palette[first * 3 + 1], palette[first * 3 + 2]];
      alpha = tRNS?.[first] ?? 255;
    } else if (kind === 2 || kind === 6) {
      [green, blue] = [values[at + 1], values[at + 2]];
    }
    if (kind === 4 || kind === 6) alpha = values[at + channels - 1];
    else if (clear && red === clear[0] && green === clear[1] && blue === clear[2]) alpha = 0;
    data[to++] = overWhite(red, alpha);
    data[to++] = overWhite(green, alpha);
    data[to++] = overWhite(blue, alpha);
  }
  return data;
}

/** Return the colour that stands for nothing, as Pillow understands it. */
function transparentValue(tRNS, bits, kind) {
  const said = viewOf(tRNS);
  if (tRNS.length < (kind === 2 ? 6 : 2)) throw new Damaged("what is transparent is cut off");
  if (kind === 2) return [said.getUint16(0), said.getUint16(2), said.getUint16(4)];
  const grey = said.getUint16(0);
  return Array(3).fill(bits === 1 ? (grey ? 255 : 0) : grey);
}

/** Turn values of 16 bits into RGB: one range becomes 0 to 255, what stands for nothing becomes white. */
function fromDeep({ width, height, kind, channels }, values, tRNS, { value_range: range, no_data: nothing }) {
  const [low, high] = range ?? [0, 65535];
  const table = Uint8Array.from({ length: 65536 }, (_, value) => {
    return roundEven(((Math.min(high, Math.max(low, value)) - low) * 255) / (high - low));
  });
  const isGrey = kind === 0 || kind === 4;
  const clear = tRNS && (kind === 0 || kind === 2) ? transparentValue(tRNS, 16, kind) : null;
  const missing = new Set([nothing ?? -1, kind === 0 && clear ? clear[0] : -1]);
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0, at = 0, to = 0; pixel < width * height; pixel++, at += channels, to += 3) {
    const [red, green, blue] = [values[at], values[isGrey ? at : at + 1], values[isGrey ? at : at + 2]];
    const isMissing = missing.has(red) && missing.has(green) && missing.has(blue);
    let alpha = kind === 4 || kind === 6 ? values[at + channels - 1] >> 8 : 255;
    if (kind === 2 && clear && red === clear[0] && green === clear[1] && blue === clear[2]) alpha = 0;
    data[to] = isMissing ? 255 : maskedWhite(table[red], alpha);
    data[to + 1] = isMissing ? 255 : maskedWhite(table[green], alpha);
    data[to + 2] = isMissing ? 255 : maskedWhite(table[blue], alpha);
  }
  return data;
}
