// The network and what computes it, both packed in this page.

/** Return the bytes of a packed part of this page, and let go of its text. */
async function unpack(id) {
  const element = document.getElementById(id);
  const text = element.textContent;
  element.remove();
  const bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(text) : fromBase64(text);
  if (element.dataset.packing !== "gzip") return bytes;
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}

function fromBase64(text) {
  const bytes = new Uint8Array((text.length / 4) * 3 - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0));
  const step = 4 * 2 ** 18;
  for (let at = 0, to = 0; at < text.length; at += step) {
    const part = atob(text.slice(at, at + step));
    for (let letter = 0; letter < part.length; letter++) bytes[to++] = part.charCodeAt(letter);
  }
  return bytes;
}

/** Start the network; what it returns gives the probability of every class for a square picture. */
async function startNetwork({ size, labels }) {
  const ort = globalThis.ort;
  if (!ort) throw new Error("the part that computes did not load");
  Object.assign(ort.env.wasm, { numThreads: 1, proxy: false, wasmBinary: await unpack("runtime") });
  ort.env.logLevel = "error";
  const network = await unpack("network");
  const session = await ort.InferenceSession.create(network, { executionProviders: ["wasm"] });
  return async square => {
    const pictures = new ort.Tensor("uint8", square.data, [1, size, size, 3]);
    const { logits } = await session.run({ pictures });
    if (logits.type !== "float32") throw new Error(`the network answers in ${logits.type}, and the page reads float32`);
    if (logits.data.length !== labels.length) {
      throw new Error(`the network gives ${logits.data.length} answers, and the page names ${labels.length} classes`);
    }
    return softmax(Array.from(logits.data, Number));
  };
}

function softmax(logits) {
  const most = Math.max(...logits);
  const shares = logits.map(logit => Math.exp(logit - most));
  const sum = shares.reduce((total, share) => total + share, 0);
  if (!Number.isFinite(sum)) throw new Error("the network answered with something that is no number");
  return shares.map(share => share / sum);
}
