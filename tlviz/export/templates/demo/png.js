// PNG files are decoded here and not by the browser, which would mix in transparency with less precision, keep 8 of 16
// bits, and follow colour profiles: so the pixels are the very ones that Pillow gives.

const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const DEPTHS = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] };
const PASSES = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

class Damaged extends Error {}

/** Read the parts of a PNG file that make its picture. */
async function pngParts(bytes) {
  const view = viewOf(bytes);
  const parts = { IDAT: [] };
  const texts = {};
  for (let at = 8; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at);
    const name = ascii(bytes.subarray(at + 4, at + 8));
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (name === "IEND") break;
    if (name === "IDAT") parts.IDAT.push(body);
    else if (["tEXt", "zTXt", "iTXt"].includes(name)) Object.assign(texts, await readText(name, body));
    else if (name !== "fdAT") parts[name] ??= body;
    at += 12 + length;
  }
  const profile = texts["Raw profile type exif"];
  const raw = profile && ascii(profile).split("\n").slice(3).join("").match(/[0-9a-f]{2}/gi);
  const exif = parts.eXIf ?? (raw ? Uint8Array.from(raw, pair => parseInt(pair, 16)) : null);
  return { ...parts, turn: orientation(exif, texts["XML:com.adobe.xmp"]) };
}

/** Read a piece of text, where orientations hide: {name: bytes}. */
async function readText(kind, body) {
  const end = body.indexOf(0);
  const name = ascii(body.subarray(0, Math.max(0, end)));
  if (!["Raw profile type exif", "XML:com.adobe.xmp"].includes(name)) return {};
  let rest = body.subarray(end + 1);
  if (kind === "tEXt") return { [name]: rest };
  if (kind === "zTXt") return { [name]: (await inflate([rest.subarray(1)], 2 ** 20)).bytes };
  const isPacked = rest[0] !== 0;
  rest = rest.subarray(2);
  for (let skipped = 0; skipped < 2; skipped++) rest = rest.subarray(rest.indexOf(0) + 1);
  return { [name]: isPacked ? (await inflate([rest], 2 ** 20)).bytes : rest };
}

/** Unpack at most `most` bytes, as far as it goes; `length` of them came. */
async function inflate(parts, most) {
  const out = new Uint8Array(most);
  const stream = new DecompressionStream("deflate");
  const reader = stream.readable.getReader();
  const writer = stream.writable.getWriter();
  let length = 0;
  const reading = (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const room = value.subarray(0, most - length);
      out.set(room, length);
      length += room.length;
    }
  })().catch(() => {}); // packed data that are damaged, end too soon or go on for too long
  try {
    for (const part of parts) {
      for (let at = 0; at < part.length; at += 65536) await writer.write(part.subarray(at, at + 65536));
    }
    await new Promise(resolve => setTimeout(resolve)); // what was unpacked is read before an error drops it
    await writer.close();
  } catch {
    // said by `length`
  }
  await reading;
  return { bytes: out.subarray(0, length), length };
}

/** Undo the filters of rows in place; each row begins with the number of its filter. */
function unfilter(data, start, rows, rowBytes, step) {
  for (let y = 0; y < rows; y++) {
    const at = start + y * (rowBytes + 1) + 1;
    const above = at - rowBytes - 1;
    const kind = data[at - 1];
    if (kind > 4) throw new Damaged("a row has an unknown filter");
    if (kind === 0) continue;
    for (let x = 0; x < rowBytes; x++) {
      const left = x >= step ? data[at + x - step] : 0;
      const up = y > 0 ? data[above + x] : 0;
      const corner = x >= step && y > 0 ? data[above + x - step] : 0;
      data[at + x] += kind === 1 ? left : kind === 2 ? up : kind === 3 ? (left + up) >> 1 : paeth(left, up, corner);
    }
  }
}

function paeth(left, up, corner) {
  const guess = left + up - corner;
  const [toLeft, toUp, toCorner] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** Return the values of a PNG file, `channels` a pixel, and whether it ends too soon. */
async function pngValues({ width, height, bits, channels, isInterlaced }, packed) {
  const whole = { width, height, x: 0, y: 0, right: 1, below: 1 };
  const passes = !isInterlaced ? [whole] : PASSES.map(([x, y, right, below]) => (
    { x, y, right, below, width: Math.ceil((width - x) / right), height: Math.ceil((height - y) / below) }
  )).filter(pass => pass.width > 0 && pass.height > 0);
  const bytesOf = pass => Math.ceil((pass.width * channels * bits) / 8);
  const wanted = passes.reduce((sum, pass) => sum + pass.height * (bytesOf(pass) + 1), 0);
  const { bytes, length } = await inflate(packed, wanted);
  if (!length) throw new Damaged("its pixels cannot be unpacked");
  const values = new (bits === 16 ? Uint16Array : Uint8Array)(width * height * channels);
  let start = 0;
  for (const pass of passes) {
    const rowBytes = bytesOf(pass);
    const rows = Math.max(0, Math.min(pass.height, Math.floor((length - start) / (rowBytes + 1))));
    unfilter(bytes, start, rows, rowBytes, Math.max(1, (channels * bits) >> 3));
    for (let y = 0; y < rows; y++) {
      const from = start + y * (rowBytes + 1) + 1;
      const row = bytes.subarray(from, from + rowBytes);
      const to = ((pass.y + y * pass.below) * width + pass.x) * channels;
      if (bits === 8 && pass.right === 1) { values.set(row, to); continue; }
      for (let x = 0; x < pass.width; x++) {
        for (let band = 0; band < channels; band++) {
          values[to + x * pass.right * channels + band] = valueAt(row, x * channels + band, bits);
        }
      }
    }
    start += pass.height * (rowBytes + 1);
  }
  return { values, isTruncated: length < wanted };
}

function valueAt(row, at, bits) {
  if (bits === 8) return row[at];
  if (bits === 16) return (row[at * 2] << 8) | row[at * 2 + 1];
  const each = 8 / bits;
  return (row[Math.floor(at / each)] >> (8 - bits - (at % each) * bits)) & (2 ** bits - 1);
}

/** Decode a PNG file: upright RGB on white, with what is odd about it; `depth` says how 16 bits become 8. */
async function decodePng(bytes, depth, mostPixels) {
  const parts = await pngParts(bytes);
  if (!(parts.IHDR?.length >= 13) || !parts.IDAT.length) throw new Damaged("it holds no pixels");
  const header = viewOf(parts.IHDR);
  const [width, height] = [header.getUint32(0), header.getUint32(4)];
  const [bits, kind] = parts.IHDR.subarray(8, 10);
  if (!width || !height || !DEPTHS[kind]?.includes(bits)) throw new Damaged("its header is damaged");
  mostPixels(width, height, bits === 16 && kind !== 0);
  const shape = { width, height, bits, kind, channels: CHANNELS[kind], isInterlaced: parts.IHDR[12] === 1 };
  const { values, isTruncated } = await pngValues(shape, parts.IDAT);
  const data = bits === 16 ? fromDeep(shape, values, parts.tRNS, depth) : fromBytes(shape, values, parts);
  const notes = isTruncated ? ["truncated; decoded as far as it goes"] : [];
  if (parts.acTL && viewOf(parts.acTL).getUint32(0) > 1) notes.push("an animation; the first frame is used");
  if (bits === 16) {
    const words = depth.value_range ? `values from ${depth.value_range.join(" to ")}` : "the range of its format";
    notes.push(`over 8 bits a value; ${words} became 0 to 255`);
  }
  return { picture: turned({ width, height, data }, parts.turn), notes };
}
