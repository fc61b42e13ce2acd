// How the camera was held: read as Pillow reads it, and taken out of the file, so that no browser turns a picture by
// itself, or changes its colours by a profile.

const ascii = bytes => Array.from(bytes, byte => String.fromCharCode(byte)).join("");
const startsWith = (bytes, text) => ascii(bytes.subarray(0, text.length)) === text;
const viewOf = bytes => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const joined = (...parts) => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
};

const EXIF = "Exif\0\0";
const XMP = "http://ns.adobe.com/xap/1.0/\0";
const ICC = "ICC_PROFILE\0";
const ORIENTATION = 0x112;

/** Read the orientation from an EXIF block: a number, null for one of no use, undefined where none is said. */
function exifOrientation(exif) {
  while (startsWith(exif, EXIF)) exif = exif.subarray(EXIF.length);
  if (!exif.length) return undefined;
  const order = ascii(exif.subarray(0, 4));
  if (!["II*\0", "MM\0*", "II\0*", "MM*\0"].includes(order)) return null;
  const isLittle = order.startsWith("I");
  const view = viewOf(exif);
  let found;
  try {
    const at = view.getUint32(4, isLittle);
    const count = view.getUint16(at, isLittle);
    for (let entry = at + 2, left = count; left > 0; entry += 12, left--) {
      if (view.getUint16(entry, isLittle) !== ORIENTATION) continue;
      const kind = view.getUint16(entry + 2, isLittle);
      const isOne = view.getUint32(entry + 4, isLittle) === 1;
      const value = [3, 8].includes(kind) ? view.getUint16(entry + 8, isLittle) : view.getUint32(entry + 8, isLittle);
      found = isOne && [3, 4, 8, 9].includes(kind) ? value : null;
    }
  } catch {
    return found; // the block ends too soon
  }
  return found;
}

/** Return the number from 1 (upright) to 8 that EXIF says, or XMP where EXIF says nothing. */
function orientation(exif, xmp) {
  let found = exif ? exifOrientation(exif) : undefined;
  if (found === undefined && xmp) found = Number(/tiff:Orientation(?:="|>)([0-9])/.exec(ascii(xmp))?.[1]);
  return found >= 1 && found <= 8 ? found : 1;
}

/** Turn a picture upright. */
function turned(picture, number) {
  const { width, height, data } = picture;
  // Where the first pixel comes from, and the steps to the next one to the right and below, in pixels.
  const steps = {
    2: [width - 1, -1, width],
    3: [width * height - 1, -1, -width],
    4: [width * (height - 1), 1, -width],
    5: [0, width, 1],
    6: [width * (height - 1), -width, 1],
    7: [width * height - 1, -width, -1],
    8: [width - 1, width, -1],
  }[number];
  if (!steps) return picture;
  const [start, right, below] = steps;
  const [across, down] = number > 4 ? [height, width] : [width, height];
  const made = { width: across, height: down, data: new Uint8Array(data.length) };
  for (let y = 0, to = 0; y < down; y++) {
    for (let x = 0, from = (start + y * below) * 3; x < across; x++, from += right * 3) {
      made.data[to++] = data[from];
      made.data[to++] = data[from + 1];
      made.data[to++] = data[from + 2];
    }
  }
  return made;
}

/** Take a JPEG file apart: its size, colours and orientation, and its bytes without notes and profiles. */
function bareJpeg(bytes) {
  const view = viewOf(bytes);
  const kept = [bytes.subarray(0, 2)];
  const exif = [];
  const about = { width: 0, height: 0, bands: 0 };
  let xmp;
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1];
    if (marker === 0xff) { at++; continue; } // filling
    if (marker === 0xda) break; // from here on there are pixels
    const isAlone = marker === 1 || (marker >= 0xd0 && marker <= 0xd8);
    const end = at + 2 + (isAlone ? 0 : view.getUint16(at + 2));
    const body = bytes.subarray(at + 4, end);
    const isExif = marker === 0xe1 && startsWith(body, EXIF);
    const isXmp = marker === 0xe1 && startsWith(body, XMP);
    if (isExif) exif.push(exif.length ? body.subarray(EXIF.length) : body);
    else if (isXmp) xmp = body.subarray(XMP.length);
    else if (!(marker === 0xe2 && startsWith(body, ICC))) kept.push(bytes.subarray(at, end));
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame && body.length > 5) {
      Object.assign(about, { height: view.getUint16(at + 5), width: view.getUint16(at + 7), bands: bytes[at + 9] });
    }
    at = end;
  }
  kept.push(bytes.subarray(at));
  return { ...about, turn: orientation(exif.length ? joined(...exif) : null, xmp), bytes: joined(...kept) };
}

/** Take a WebP file apart: its orientation, and its bytes without notes and profiles. */
function bareWebp(bytes) {
  const view = viewOf(bytes);
  const kept = [bytes.slice(0, 12)];
  const noted = {};
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = ascii(bytes.subarray(at, at + 4));
    const length = view.getUint32(at + 4, true);
    const end = at + 8 + length + (length % 2);
    if (["ICCP", "EXIF", "XMP "].includes(name)) {
      noted[name] = bytes.subarray(at + 8, at + 8 + length);
    } else {
      const part = bytes.slice(at, end);
      if (name === "VP8X") part[8] &= ~0x2c; // no longer says that they are there
      kept.push(part);
    }
    at = end;
  }
  const bare = joined(...kept);
  viewOf(bare).setUint32(4, bare.length - 8, true);
  return { turn: orientation(noted.EXIF, noted["XMP "]), bytes: bare };
}
