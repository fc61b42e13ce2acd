// The page: pictures come in by dropping, choosing, pasting or the camera, and are answered one after another.

const setup = JSON.parse(document.getElementById("setup").textContent);
const part = id => document.getElementById(id);
const say = sentence => { part("status").textContent = sentence; };
const count = (number, one, many) => (number === 1 ? `1 ${one}` : `${number.toLocaleString("en")} ${many}`);

let answer = null;
let work = Promise.resolve();
let waiting = 0;
const sayWhatWaits = () => {
  if (answer) say(waiting ? `${count(waiting, "picture", "pictures")} to go …` : "Done.");
};

function fail(sentence) {
  part("trouble").textContent = sentence;
  part("trouble").hidden = false;
  say("");
}

/** Answer pictures; each opens as {picture, notes} or raises `Refused`. */
function take(pictures) {
  const cards = pictures.map(({ name }) => new Card(name));
  part("answers").prepend(...cards.map(card => card.element));
  part("clear").hidden = false;
  waiting += cards.length;
  sayWhatWaits();
  pictures.forEach(({ open }, at) => {
    work = work.then(() => one(cards[at], open)).then(() => {
      waiting -= 1;
      sayWhatWaits();
    });
  });
}

async function one(card, open) {
  await ready;
  if (!answer) return card.refuse("The network could not be started.");
  await new Promise(resolve => setTimeout(resolve)); // the page draws what is done
  try {
    const { picture, notes } = await open();
    const square = toSquare(picture, setup);
    card.show(square, await answer(square), setup.labels, notes);
  } catch (error) {
    const isKnown = error instanceof Refused;
    card.refuse(isKnown ? error.message : `${card.name} could not be answered: ${error.message ?? error}.`);
  }
}

const takeFiles = files => take(
  Array.from(files, file => ({ name: file.name || "picture", open: () => openPicture(file, setup.depth) })),
);

const ready = document.documentElement.dataset.tooOld ? Promise.resolve() : startNetwork(setup).then(
  started => {
    answer = started;
    const classes = count(setup.labels.length, "class", "classes");
    say(`Ready. The network tells ${classes} apart.`);
    if (!readsTruly()) part("untrue").hidden = false;
  },
  error => fail(`The network could not be started (${error.message ?? error}); try another browser.`),
);

part("files").addEventListener("change", event => {
  takeFiles(event.target.files);
  event.target.value = ""; // the same file may be chosen again
});
part("clear").addEventListener("click", () => {
  part("answers").replaceChildren();
  part("clear").hidden = true;
  part("files").focus();
});

for (const kind of ["dragenter", "dragover"]) {
  addEventListener(kind, event => {
    event.preventDefault();
    part("drop").classList.add("over");
  });
}
addEventListener("dragleave", event => { if (!event.relatedTarget) part("drop").classList.remove("over"); });
addEventListener("drop", event => {
  event.preventDefault();
  part("drop").classList.remove("over");
  if (event.dataTransfer.files.length) takeFiles(event.dataTransfer.files);
  else say("What was dropped is no file: save the picture first, then drop its file here.");
});
addEventListener("paste", event => {
  const { files } = event.clipboardData;
  if (files.length) takeFiles(files);
  else say("There is no picture to paste: copy one first.");
});

part("show-notices").addEventListener("click", async () => {
  part("show-notices").hidden = true;
  part("notices-shown").textContent = new TextDecoder().decode(await unpack("notices"));
  part("notices-shown").hidden = false;
  part("notices-shown").focus();
});
