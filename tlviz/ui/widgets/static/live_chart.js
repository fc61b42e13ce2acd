// A Plotly chart that grows in place: the zoom stays and nothing flickers while points arrive.  Streamlit's own chart
// is built anew whenever its figure changes; its library is used here, as soon as one such chart has brought it.

const LOOK_MS = 60;

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".live-chart");
  root.figure = data;
  clearTimeout(root.waiting);
  draw(root);
}

function draw(root) {
  const { figure, config } = root.figure;
  root.style.height = `${figure.layout.height}px`;
  if (!window.Plotly) {
    root.waiting = setTimeout(() => draw(root), LOOK_MS);
    return;
  }
  const { height, ...layout } = structuredClone(figure.layout);
  layout.font = { ...layout.font, family: getComputedStyle(root).fontFamily };
  layout.autosize = true;
  const wanted = JSON.stringify([figure.data, layout]);
  if (root.drawn === wanted) return; // a page that looks every second mostly finds nothing new
  root.drawn = wanted;
  window.Plotly.react(root, structuredClone(figure.data), layout, { ...config, responsive: true, showTips: false });
}
