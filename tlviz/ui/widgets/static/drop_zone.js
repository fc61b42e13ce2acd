// A place to drop folders, pictures or an archive: files are sent a few at a time, so that thousands take no memory
// and the bar tells how far it is. Nothing is sent before the whole of it is known to be within the limits.

const TOGETHER = 3;
const BATCH = 200; // small files in one request
const BATCH_BYTES = 4e6;
const TRIES = 3;

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".drop");
  root.state ??= { token: null };
  root.state.data = data;
  root.state.tell = setTriggerValue;
  if (root.state.token === data.token) return;
  root.state.token = data.token;
  root.state.abort?.abort();
  draw(root);
}

function draw(root) {
  root.replaceChildren();
  const zone = add(root, "div", "zone", "");
  zone.setAttribute("role", "group");
  zone.setAttribute("aria-label", "Drop a folder, pictures or an archive here");
  add(zone, "div", "title", "Drop a folder, pictures or an archive here");
  const row = add(zone, "div", "row", "");
  const inputs = [input(zone, true), input(zone, false)];
  ["Choose a folder", "Choose files"].forEach((words, at) => {
    const button = add(row, "button", "choose", words);
    button.type = "button";
    button.onclick = () => inputs[at].click();
    inputs[at].onchange = () => {
      const files = [...inputs[at].files].map((file) => [file.webkitRelativePath || file.name, file]);
      inputs[at].value = "";
      send(root, files);
    };
  });
  add(zone, "div", "limit", root.state.data.limit);
  zone.ondragover = (event) => {
    event.preventDefault();
    zone.classList.add("over");
  };
  zone.ondragleave = () => zone.classList.remove("over");
  zone.ondrop = async (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const loose = entries.length ? [] : [...event.dataTransfer.files].map((file) => [file.name, file]);
    say(root, "Listing what was dropped …");
    try {
      send(root, [...loose, ...(await walk(entries, root.state.data.most_files))]);
    } catch {
      say(root, "What was dropped cannot be read by the browser; choose it with a button instead.", true);
    }
  };
  const bar = add(root, "div", "going", "");
  bar.hidden = true;
  add(bar, "progress", "", "").max = 1;
  const cancel = add(bar, "button", "choose", "Cancel");
  cancel.type = "button";
  cancel.onclick = () => root.state.abort?.abort();
  add(root, "div", "said", "").setAttribute("aria-live", "polite");
}

function input(zone, isFolder) {
  const made = add(zone, "input", "", "");
  made.type = "file";
  made.multiple = true;
  made.webkitdirectory = isFolder;
  made.hidden = true;
  made.setAttribute("aria-label", isFolder ? "A folder" : "Files");
  return made;
}

async function walk(entries, most) {
  const found = [];
  const waiting = [...entries];
  while (waiting.length && found.length <= most) {
    const entry = waiting.pop();
    if (entry.name.startsWith(".")) continue;
    if (entry.isFile) {
      found.push([entry.fullPath.replace(/^\//, ""), await new Promise((take, fail) => entry.file(take, fail))]);
      continue;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((take, fail) => reader.readEntries(take, fail));
      if (!some.length) break;
      waiting.push(...some);
    }
  }
  return found;
}

async function send(root, given) {
  const { data, tell } = root.state;
  const files = given.filter(([path]) => !path.split("/").some((part) => part.startsWith(".")));
  const total = files.reduce((sum, [, file]) => sum + file.size, 0);
  if (!files.length) return say(root, "There is no file in it.", true);
  if (files.length > data.most_files || total > data.most_bytes) {
    const many = files.length > data.most_files ? `over ${data.most_files.toLocaleString("en")} files` : mb(total);
    return say(root, `That is more than can be dropped (${many}; ${data.limit}). ${data.instead}`, true);
  }
  const abort = (root.state.abort = new AbortController());
  const url = new URL(`_tlviz/drop/${data.token}`, document.baseURI.replace(/[?#].*/, ""));
  const bar = root.querySelector(".going");
  const zone = root.querySelector(".zone");
  bar.hidden = false;
  zone.hidden = true;
  let [at, done, sent] = [0, 0, 0];
  const worker = async () => {
    while (at < files.length && !abort.signal.aborted) {
      const some = [];
      let size = 0;
      while (at < files.length && some.length < BATCH && (!some.length || size + files[at][1].size <= BATCH_BYTES)) {
        size += files[at][1].size;
        some.push(files[at++]);
      }
      const list = JSON.stringify(some.map(([path, file]) => [path, file.size]));
      await put(url, new Blob([`${list}\n`, ...some.map(([, file]) => file)]), abort.signal);
      done += some.length;
      sent += size;
      bar.querySelector("progress").value = total ? sent / total : done / files.length;
      say(root, `Copying: ${done.toLocaleString("en")} of ${files.length.toLocaleString("en")} files, ${mb(sent)} of ${mb(total)}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: TOGETHER }, worker));
    if (abort.signal.aborted) throw new DOMException("", "AbortError");
    say(root, "Copied; now looking at what it is …");
    tell("done", { token: data.token, files: files.length, bytes: total });
  } catch (error) {
    const cancelled = abort.signal.aborted;
    abort.abort();
    fetch(url, { method: "DELETE" }).catch(() => {});
    bar.hidden = true;
    zone.hidden = false;
    const why = error.words || "the connection was lost, or a file changed meanwhile";
    say(root, cancelled ? "Cancelled; nothing was copied." : `Nothing was copied: ${why}.`, !cancelled);
  }
}

async function put(url, file, signal) {
  for (let turn = 1; ; turn++) {
    try {
      const answer = await fetch(url, { method: "PUT", body: file, signal });
      if (answer.ok) return;
      const error = new Error("refused");
      error.words = (await answer.text()).trim() || `the app answered ${answer.status}`;
      throw error;
    } catch (error) {
      if (error.words || signal.aborted || turn === TRIES) throw error;
      await new Promise((wait) => setTimeout(wait, 300 * turn));
    }
  }
}

function say(root, words, isWrong = false) {
  const said = root.querySelector(".said");
  said.textContent = words;
  said.classList.toggle("wrong", isWrong);
}

function mb(size) {
  return size < 1e9 ? `${Math.ceil(size / 1e6).toLocaleString("en")} MB` : `${(size / 1e9).toFixed(1)} GB`;
}

function add(parent, kind, name, words) {
  const made = parent.appendChild(document.createElement(kind));
  if (name) made.className = name;
  made.textContent = words;
  return made;
}
