// The camera, where there is one and the browser lends it.

const media = navigator.mediaDevices;
let stream = null;

function withoutCamera(reason) {
  part("camera").hidden = true;
  part("no-camera").textContent = reason;
  part("no-camera").hidden = false;
}

async function lookForCamera() {
  if (!media?.getUserMedia) return withoutCamera("No camera here: this browser does not lend it to a page like this.");
  if (stream) return;
  const devices = await media.enumerateDevices().catch(() => []);
  if (!devices.some(device => device.kind === "videoinput")) {
    return withoutCamera("No camera here: none was found on this computer.");
  }
  part("camera").hidden = false;
  part("no-camera").hidden = true;
}

const REASONS = {
  NotAllowedError: "The camera was not allowed; allow it in the browser's settings of this page.",
  NotFoundError: "No camera was found on this computer.",
  NotReadableError: "The camera is in use by another program.",
};

async function openCamera() {
  try {
    stream = await media.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  } catch (error) {
    return withoutCamera(REASONS[error.name] ?? `The camera cannot be used: ${error.message}.`);
  }
  part("video").srcObject = stream;
  part("viewer").hidden = false;
  part("camera").hidden = true;
  part("snap").disabled = true; // until there is something to see
  await part("video").play();
  part("snap").disabled = false;
  part("snap").focus();
}

function closeCamera() {
  stream?.getTracks().forEach(track => track.stop());
  stream = null;
  part("video").srcObject = null;
  part("viewer").hidden = true;
  part("camera").hidden = false;
  part("camera").focus();
}

let snapped = 0;

function snap() {
  const { videoWidth: width, videoHeight: height } = part("video");
  snapped += 1;
  const picture = readPixels(part("video"), width, height);
  take([{ name: `Camera, picture ${snapped}`, open: async () => ({ picture, notes: [] }) }]);
}

part("camera").addEventListener("click", openCamera);
part("snap").addEventListener("click", snap);
part("close").addEventListener("click", closeCamera);
media?.addEventListener?.("devicechange", lookForCamera);
lookForCamera();
