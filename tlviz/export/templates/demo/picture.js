// From a file to an upright RGB picture, or a sentence that says why there is none.

const MOST_PIXELS = 100_000_000;
const MOST_DEEP_PIXELS = 50_000_000;

/** A file that gives no picture; the message is a sentence for a person. */
class Refused extends Error {}

const SIGNATURES = [
  ["JPEG", /^\xff\xd8\xff/],
  ["PNG", /^\x89PNG\r\n\x1a\n/],
  ["GIF", /^GIF8[79]a/],
  ["WebP", /^RIFF[^]{4}WEBP/],
  ["BMP", /^BM/],
  ["AVIF", /^[^]{4}ftyp(avi[fs]|(mif1|msf1)[^]{4}.*?avi[fs])/],
  ["HEIC", /^[^]{4}ftyp(he(ic|ix|im|is|vc|vx|vm|vs)|mif1|msf1)/],
  ["TIFF", /^(II[*+]\0|MM\0[*+])/],
  ["JPEG 2000", /^(\xff\x4f\xff\x51|\0\0\0\x0cjP {2}\r\n)/],
  ["PPM", /^P([1-6]\s|f\s)/],
];
const DECODED = { PNG: pngPicture, JPEG: jpegPicture, WebP: webpPicture, GIF: seen, BMP: seen, AVIF: avifPicture, HEIC: seen };

/** Open a picture file: {picture, notes}.  Raises `Refused`. */
async function openPicture(file, depth) {
  const name = file.name || "The picture";
  let bytes;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new Refused(`${name} cannot be read; if it is a folder, open it and drop the pictures in it.`);
  }
  const start = ascii(bytes.subarray(0, 64));
  const kind = SIGNATURES.find(([, signature]) => signature.test(start))?.[0];
  if (!kind) throw new Refused(`${name} is not a picture that can be opened; use PNG, JPEG, WebP, GIF, BMP or AVIF.`);
  if (!DECODED[kind]) {
    throw new Refused(`${name} is a ${kind} picture, which this page does not open; save it as PNG or JPEG.`);
  }
  try {
    return await DECODED[kind](bytes, depth, kind, name);
  } catch (error) {
    if (error instanceof Refused) throw error;
    if (error instanceof Damaged) throw new Refused(`${name} is damaged (${error.message}); replace the file.`);
    if (error instanceof RangeError) throw new Refused(`${name} is too large for this browser; scale it down.`);
    const isOwn = ["PNG", "JPEG"].includes(kind);
    throw new Refused(
      isOwn
        ? `${name} is damaged and cannot be decoded; replace the file.`
        : `${name} is a ${kind} picture that this browser cannot open; save it as PNG or JPEG.`,
    );
  }
}

function checkSize(name, width, height, isDeep = false) {
  const most = isDeep ? MOST_DEEP_PIXELS : MOST_PIXELS;
  if (width * height <= most) return;
  const size = `${width.toLocaleString("en")} x ${height.toLocaleString("en")} pixels`;
  throw new Refused(`${name} is too large (${size}); scale it below ${most / 1e6} megapixels.`);
}

function pngPicture(bytes, depth, _kind, name) {
  return decodePng(bytes, depth, (width, height, isDeep) => checkSize(name, width, height, isDeep));
}

async function jpegPicture(bytes, _depth, kind, name) {
  const bare = bareJpeg(bytes);
  checkSize(name, bare.width, bare.height);
  const { picture } = await seen(bare.bytes, null, kind, name);
  const notes = bare.bands === 4 ? ["four colours for print (CMYK), which this browser mixes in its own way"] : [];
  return { picture: turned(picture, bare.turn), notes };
}

async function webpPicture(bytes, _depth, kind, name) {
  const bare = bareWebp(bytes);
  const { picture } = await seen(bare.bytes, null, kind, name);
  return { picture: turned(picture, bare.turn), notes: [] };
}

async function avifPicture(bytes, _depth, kind, name) {
  const { picture } = await seen(bytes, null, kind, name);
  const isClear = ascii(bytes.subarray(0, 4096)).includes("auxiliary:alpha");
  return { picture, notes: isClear ? ["a transparent AVIF picture, which this browser mixes in its own way"] : [] };
}

/** Let the browser decode a file. */
async function seen(bytes, _depth, kind, name) {
  const bitmap = await createImageBitmap(new Blob([bytes], { type: `image/${kind.toLowerCase()}` }), {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
    imageOrientation: "from-image",
  });
  try {
    checkSize(name, bitmap.width, bitmap.height);
    return { picture: readPixels(bitmap, bitmap.width, bitmap.height), notes: [] };
  } finally {
    bitmap.close();
  }
}

const TILE = 2048;

/** Return what a bitmap or a video shows, on white, a tile at a time: a canvas has a largest size. */
function readPixels(shown, width, height) {
  const data = new Uint8Array(width * height * 3);
  const canvas = document.createElement("canvas");
  canvas.width = Math.min(TILE, width);
  canvas.height = Math.min(TILE, height);
  const context = canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });
  context.fillStyle = "white";
  for (let top = 0; top < height; top += TILE) {
    for (let left = 0; left < width; left += TILE) {
      context.fillRect(0, 0, TILE, TILE);
      context.drawImage(shown, -left, -top);
      const [across, down] = [Math.min(TILE, width - left), Math.min(TILE, height - top)];
      const tile = context.getImageData(0, 0, across, down).data;
      for (let y = 0, from = 0; y < down; y++) {
        for (let x = 0, to = ((top + y) * width + left) * 3; x < across; x++, from += 4) {
          data[to++] = tile[from];
          data[to++] = tile[from + 1];
          data[to++] = tile[from + 2];
        }
      }
    }
  }
  return { width, height, data };
}

/** Return whether this browser gives pixels as they are: some change them a little so that nobody is recognised. */
function readsTruly() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const put = context.createImageData(64, 64);
  for (let at = 0; at < put.data.length; at++) put.data[at] = at % 4 === 3 ? 255 : (at * 7) % 256;
  context.putImageData(put, 0, 0);
  return context.getImageData(0, 0, 64, 64).data.every((value, at) => value === put.data[at]);
}
