// Written for the oldest browsers, which cannot read the rest: says what is missing.
(function () {
  var missing = [];
  var simd = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
  if (typeof WebAssembly !== "object" || !WebAssembly.validate) missing.push("WebAssembly");
  else if (!WebAssembly.validate(new Uint8Array(simd))) missing.push("WebAssembly with SIMD");
  if (typeof DecompressionStream !== "function") missing.push("DecompressionStream");
  if (typeof createImageBitmap !== "function") missing.push("createImageBitmap");
  if (!("noModule" in document.createElement("script"))) missing.push("modules");
  if (!missing.length) return;
  var trouble = document.getElementById("trouble");
  document.documentElement.setAttribute("data-too-old", "yes");
  document.getElementById("status").textContent = "";
  trouble.textContent = "This browser cannot run the network: it lacks " + missing.join(" and ") +
    ". Use Chrome or Edge 97, Firefox 113, Safari 16.4, or a later version.";
  trouble.removeAttribute("hidden");
})();
